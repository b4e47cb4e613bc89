"""Rates of exchange by day, and how the last reading of the central bank's file went."""

from django.db import models

from accounts.models import Organization, TenantModel


class ExchangeRate(TenantModel):
    """How many units of the quoted currency one of the base bought on a day; `rate` is exact decimal text."""

    class Source(models.TextChoices):
        CSV = "csv"
        ECB_FILE = "ecb_file"
        ECB = "ecb"

    pk = models.CompositePrimaryKey("organization_id", "base", "quote", "on")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.TextField()
    source = models.CharField(max_length=16)


class RateFetch(TenantModel):
    """The last reading of the European Central Bank's file: `error` says why it brought nothing."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    newest = models.DateField(null=True)
    error = models.TextField(blank=True)
