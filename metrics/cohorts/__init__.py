"""Who stays: customers by when, on what and where they began, and what each group is worth since."""
