"""MRR at risk today: which customers, why, and how much."""
