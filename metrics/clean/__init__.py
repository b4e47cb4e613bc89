"""The clean check: five points every MRR should pass, and what it would be under each common mistake."""
