"""Where customers are at home, for lists by country."""
