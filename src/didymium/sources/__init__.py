"""Outside formats: readers that turn downloads into tidy rows, every correction visible, and a manifest of data."""
