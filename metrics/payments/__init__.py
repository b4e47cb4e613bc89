"""What payments did beside MRR: failed and recovered ones, refunds, and why customers left."""
