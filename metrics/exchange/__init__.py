"""Dated exchange rates, and a waterfall in one reporting currency."""
