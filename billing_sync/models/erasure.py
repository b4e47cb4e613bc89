"""Payers who were erased, and never come back."""

from django.db import models

from accounts.models import TenantModel


class Erasure(TenantModel):
    """A payer whose personal data is not kept, whichever account or archive tells it again.

    The digest of her Stripe id is all there is: it outlives her objects here, and names her to nobody.
    """

    pk = models.CompositePrimaryKey("organization_id", "digest")
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()
