"""A company too large for memory: its records lie in files, its lives are played again to go on."""
