"""Tables whole: the statements behind pages without their pages, read row by row as one snapshot."""
