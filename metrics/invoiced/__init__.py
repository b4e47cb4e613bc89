"""What invoices asked for, split into what counts in MRR and what does not, with the rule."""
