"""The six alert rules over an organization's tables: what they look at, and how they stand."""
