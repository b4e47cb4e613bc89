"""Tables as files: what can be exported, how it is written, and files that are made, kept and fetched."""
