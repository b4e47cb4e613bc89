"""What each diagnosis is called, what its amount means, and what it says of one customer."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.exposure.diagnoses import (
    CANCELING,
    CARD_EXPIRING,
    CARD_EXPIRING_DAYS,
    CONTRACTION,
    CONTRACTION_DAYS,
    COUPON_ENDING,
    COUPON_ENDING_DAYS,
    PAST_DUE,
    RENEWAL,
    RENEWAL_DAYS,
    TRIAL_ENDING,
    TRIAL_ENDING_DAYS,
)

Words = dict[str, "str | Promise"]
LABELS: Words = {
    "": gettext_lazy("MRR at risk"),
    PAST_DUE: gettext_lazy("Past due"),
    CANCELING: gettext_lazy("Cancels"),
    TRIAL_ENDING: gettext_lazy("Trial ending"),
    COUPON_ENDING: gettext_lazy("Coupon ending"),
    CARD_EXPIRING: gettext_lazy("Card expiring"),
    RENEWAL: gettext_lazy("Annual renewal"),
    CONTRACTION: gettext_lazy("Recent contraction"),
}
MEANINGS: Words = {
    "": gettext_lazy("Everyone counts once, with the largest of the amounts below."),
    PAST_DUE: gettext_lazy("The MRR of subscriptions with an unpaid invoice."),
    CANCELING: gettext_lazy("The MRR of subscriptions that were asked to end."),
    TRIAL_ENDING: format_lazy(
        gettext_lazy("Not in MRR yet: what trials that end within {days} days would be worth."),
        days=TRIAL_ENDING_DAYS,
    ),
    COUPON_ENDING: format_lazy(
        gettext_lazy(
            "The MRR of items that cost more within {days} days; of what is free until then, the new price."
        ),
        days=COUPON_ENDING_DAYS,
    ),
    CARD_EXPIRING: format_lazy(
        gettext_lazy("The MRR charged to cards that expire within {days} days, or have."),
        days=CARD_EXPIRING_DAYS,
    ),
    RENEWAL: format_lazy(
        gettext_lazy("The MRR of items billed for a year or longer that renew within {days} days."),
        days=RENEWAL_DAYS,
    ),
    CONTRACTION: format_lazy(
        gettext_lazy("What is left of customers who gave up MRR in the last {days} days."),
        days=CONTRACTION_DAYS,
    ),
}


def sentence(diagnosis: str, day: str, beside: str, *, canceled: bool) -> str:
    """Return what a diagnosis says of one customer; `beside` is the amount that it mentions."""
    words = {"day": day, "amount": beside}
    if not day:
        return _("No date is known.")
    if diagnosis == TRIAL_ENDING and canceled:
        return _("The trial ends on %(day)s, and was asked not to go on.") % words
    return {
        PAST_DUE: _("Owes since %(day)s."),
        CANCELING: _("Ends on %(day)s, unless the customer changes their mind."),
        TRIAL_ENDING: _("The trial ends on %(day)s; it counts once it is paid."),
        COUPON_ENDING: _("From %(day)s on it is %(amount)s a month more."),
        CARD_EXPIRING: _("The card is good until %(day)s."),
        RENEWAL: _("The term ends on %(day)s."),
        CONTRACTION: _("Gave up %(amount)s a month by %(day)s."),
    }[diagnosis] % words
