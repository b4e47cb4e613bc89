"""What moved each plan's MRR in a month, and what moved from one plan to another."""
