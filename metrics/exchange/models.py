"""Rates of exchange by day."""

from django.db import models

from accounts.models import TenantModel


class ExchangeRate(TenantModel):
    """How many units of the quoted currency one of the base bought on a day; `rate` is exact decimal text."""

    pk = models.CompositePrimaryKey("organization_id", "base", "quote", "on")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.TextField()
    source = models.CharField(max_length=16)
