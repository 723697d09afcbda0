"""Outside formats: readers that turn what an analyst downloads into tidy rows, every correction visible."""
