"""Export, erasure, deletion and retention: what people may ask of their data, whichever app keeps it."""
