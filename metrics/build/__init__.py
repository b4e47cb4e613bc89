"""From mirrored rows to metric tables: load, run the core, write what differs."""
