"""What each setting of the definition means, and what its values are called."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboards.glossary import Term

TERMS: Mapping[str, Term] = {
    "require_first_payment": Term(
        gettext_lazy("First payment"),
        gettext_lazy(
            "When it is required, a subscription that is charged automatically counts from its first "
            "successful payment, and a trial that ends in a failed one never counted. One that is invoiced "
            "counts from its start."
        ),
    ),
    "past_due_grace_days": Term(
        gettext_lazy("Days of grace when a payment fails"),
        gettext_lazy(
            "A past due subscription counts for so many days after its oldest unpaid invoice was due, and is "
            "churn from then on. Left empty, it counts for as long as Stripe keeps it past due."
        ),
    ),
    "usage": Term(
        gettext_lazy("Metered usage"),
        gettext_lazy(
            "Usage has no price agreed in advance. It stays out of MRR, or counts as the mean of the last "
            "three invoices."
        ),
    ),
    "discounts": Term(
        gettext_lazy("Discounts that reduce MRR"),
        gettext_lazy(
            "A coupon that applies once reduces MRR only under “all”, and then for one billing interval."
        ),
    ),
    "paused_counts": Term(
        gettext_lazy("Subscriptions whose collection is paused"),
        gettext_lazy(
            "They leave MRR at the pause, or at the end of the period already paid, unless they count here."
        ),
    ),
    "churn_at": Term(
        gettext_lazy("When a cancellation becomes churn"),
        gettext_lazy(
            "At the end of the paid term a customer counts until the subscription has ended; committed MRR "
            "drops at the request either way."
        ),
    ),
    "refunds_netted_out": Term(
        gettext_lazy("Refunds"),
        gettext_lazy(
            "When netted out, the last period of a subscription that then ended counts 0 from its start if "
            "every paid invoice of it was refunded in full. Other refunds change nothing."
        ),
    ),
    "time_zone": Term(
        gettext_lazy("Time zone"),
        gettext_lazy("Days and months begin at midnight of this zone. Write it as Europe/Paris."),
    ),
    "movement_window": Term(
        gettext_lazy("Movements are netted by"),
        gettext_lazy(
            "All changes of one customer within one window are netted before they are called new, expansion, "
            "contraction, churn or reactivation. MRR itself is the same under each."
        ),
    ),
}
VALUES: Mapping[str, Mapping[Any, "str | Promise"]] = {
    "require_first_payment": {True: gettext_lazy("required"), False: gettext_lazy("not required")},
    "usage": {
        "exclude": gettext_lazy("left out"),
        "trailing_3_invoices": gettext_lazy("mean of the last three invoices"),
    },
    "discounts": {
        "forever_and_repeating": gettext_lazy("forever and repeating"),
        "forever": gettext_lazy("forever only"),
        "all": gettext_lazy("all, once included"),
        "none": gettext_lazy("none"),
    },
    "paused_counts": {True: gettext_lazy("count"), False: gettext_lazy("do not count")},
    "churn_at": {
        "end_of_paid_term": gettext_lazy("when the subscription has ended"),
        "cancellation_request": gettext_lazy("when it is requested"),
    },
    "refunds_netted_out": {True: gettext_lazy("netted out"), False: gettext_lazy("not netted out")},
    "movement_window": {
        "day": gettext_lazy("local day"),
        "event": gettext_lazy("instant"),
        "month": gettext_lazy("month"),
    },
}


def said(name: str, value: Any) -> str:
    """Return a setting's value in words; the rules of alerts are said as they are stored."""
    if name == "past_due_grace_days":
        if value is None:
            return _("none: it counts as long as it is past due")
        return ngettext("%(count)d day", "%(count)d days", value) % {"count": value}
    return str(VALUES.get(name, {}).get(value, value))


def label(name: str) -> str:
    """Return a setting's name in words."""
    return str(TERMS[name].label) if name in TERMS else name
