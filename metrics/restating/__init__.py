"""Rules that change: previews before saving, restatements after, and months closed as published."""
