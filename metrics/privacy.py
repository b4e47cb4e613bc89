"""Where this app keeps personal data, for export and erasure; all else knows a payer by Stripe's id alone."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.places import Place
from metrics.bridge.models import Upload, UploadedAmount
from metrics.bridge.uploads import erasing
from metrics.countries.models import CustomerCountry

__all__ = ["PLACES", "erasing"]

PLACES = (
    Place(
        CustomerCountry._meta.db_table,
        ("country",),
        "customer_id",
        _("The country of a customer's address, read from what Stripe knows of the customer."),
    ),
    Place(
        Upload._meta.db_table,
        ("name", "content"),
        "",
        _("A file of another tool as it was uploaded: whatever its columns say of customers."),
    ),
    Place(
        UploadedAmount._meta.db_table,
        ("customer",),
        "customer",
        _("How such a file calls a customer: a Stripe id, an e-mail address or a name."),
    ),
)
