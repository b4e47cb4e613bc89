"""A forecast from what moved lately: its assumptions, and what it would have said before."""
