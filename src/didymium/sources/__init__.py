"""Outside formats: readers of what an analyst downloads, and the manifest of those data sets."""
