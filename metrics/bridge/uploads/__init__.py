"""Files of other tools: read by their columns, stored whole or not at all, compared customer by customer."""
