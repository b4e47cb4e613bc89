"""The read API: the numbers of the pages as JSON, for programs that hold a token."""
