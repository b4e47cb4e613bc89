"""Trials: how many became paying, how soon, and what those still running would be worth."""
