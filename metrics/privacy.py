"""Where this app keeps personal data, for export and erasure; all else knows a payer by Stripe's id alone."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.privacy.erasing import ErasedPayer, eraser
from accounts.privacy.places import Place
from accounts.privacy.retention import kept
from accounts.privacy.tables import export
from metrics.bridge.models import Upload, UploadedAmount
from metrics.bridge.uploads import erasing
from metrics.bridge.uploads.storing import remove
from metrics.cohorts.models import CohortMember
from metrics.countries.models import CustomerCountry
from metrics.payback.models import CustomerChannel

__all__ = ["PLACES", "erasing", "forget_channel", "forget_country", "forget_home", "forget_uploads"]

export(
    "metrics_acknowledgement",
    "metrics_alert",
    "metrics_alertevaluation",
    "metrics_alertrules",
    "metrics_auditrun",
    "metrics_buildpart",
    "metrics_buildplan",
    "metrics_channelcohort",
    "metrics_closedbalance",
    "metrics_closedmonth",
    "metrics_cohortchange",
    "metrics_cohortmember",
    "metrics_comparedamount",
    "metrics_comparison",
    "metrics_configuration",
    "metrics_counted",
    "metrics_currentbuild",
    "metrics_customerbalance",
    "metrics_customerchannel",
    "metrics_customercountry",
    "metrics_dailyfailures",
    "metrics_dailyrevenue",
    "metrics_datedchange",
    "metrics_decidedchange",
    "metrics_definition",
    "metrics_diagnosing",
    "metrics_exchangerate",
    "metrics_exposure",
    "metrics_exposuretotal",
    "metrics_failedinvoice",
    "metrics_forecastassumptions",
    "metrics_invoicedline",
    "metrics_mailpreference",
    "metrics_mailsettings",
    "metrics_monthlydepartures",
    "metrics_monthlyrevenue",
    "metrics_movement",
    "metrics_paybacksettings",
    "metrics_planflow",
    "metrics_planmove",
    "metrics_planrevenue",
    "metrics_preview",
    "metrics_previewedchange",
    "metrics_ratefetch",
    "metrics_restatement",
    "metrics_segment",
    "metrics_spend",
    "metrics_spendfile",
    "metrics_trial",
    "metrics_trialmonth",
    "metrics_undiagnosed",
    "metrics_unusedfact",
    "metrics_upload",
    "metrics_uploadedamount",
)

PLACES = (
    Place(
        CustomerCountry._meta.db_table,
        ("country",),
        "customer_id",
        _("The country of a customer's address, read from what Stripe knows of the customer."),
    ),
    Place(
        CohortMember._meta.db_table,
        ("country",),
        "customer_id",
        _("The same country, as cohorts were counted by it last."),
    ),
    Place(
        CustomerChannel._meta.db_table,
        ("channel",),
        "customer_id",
        _("The channel by which a customer came, read from the key of the metadata that was named for it."),
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


@eraser("metrics_customercountry")
def forget_country(payer: ErasedPayer) -> int:
    """Leave a payer without a country."""
    homes = CustomerCountry.objects.filter(organization_id=payer.organization_id)
    return homes.filter(customer_id=payer.customer_id).exclude(country="").update(country="")


@eraser("metrics_cohortmember")
def forget_home(payer: ErasedPayer) -> int:
    """Leave a payer in no country's cohort; its sums follow as everyone is counted again."""
    members = CohortMember.objects.filter(organization_id=payer.organization_id)
    return members.filter(customer_id=payer.customer_id).exclude(country="").update(country="")


@eraser("metrics_customerchannel")
def forget_channel(payer: ErasedPayer) -> int:
    """Leave a payer without a channel."""
    known = CustomerChannel.objects.filter(organization_id=payer.organization_id)
    return known.filter(customer_id=payer.customer_id).exclude(channel="").update(channel="")


@kept(
    "uploads",
    _("Uploaded files"),
    _("Files of other tools, with what was read of them and the comparisons made of it."),
)
def forget_uploads(organization_id: UUID, before: datetime) -> int:
    """Delete old uploads and all that came of them."""
    old = list(Upload.objects.filter(organization_id=organization_id, created_at__lt=before))
    for upload in old:
        remove(upload, by=None)
    return len(old)
