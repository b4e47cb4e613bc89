"""What a month's departures come to."""

from django.db import models

from metrics.built import Built

# Whatever words Stripe sends, a key of an index holds this much of them.
LONGEST = 600
WHY = f"left(array_to_string(reasons, ' '), {LONGEST})"


class MonthlyDepartures(Built):
    """How many customers left in one month for one reason, and the MRR that they took.

    `why` holds the codes of their movements' reasons, joined by a space.
    """

    pk = Built.key("currency", "month", "why")
    currency = models.TextField()
    month = models.DateField()
    why = models.TextField(blank=True)
    customers = models.BigIntegerField()
    lost_micro = models.DecimalField(max_digits=40, decimal_places=0)
