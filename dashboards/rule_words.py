"""Why something is not in MRR, in words, from the rule that left it out."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS = {
    "trial": gettext_lazy("it is on trial and has never counted"),
    "usage": gettext_lazy("metered usage is not in MRR"),
    "price": gettext_lazy("the price does not say what it costs in this currency"),
    "free": gettext_lazy("the price is 0"),
    "discount": gettext_lazy("discounts take all of it off"),
    "first_payment": gettext_lazy("its first invoice has not been paid"),
    "refund": gettext_lazy("its last period was refunded in full"),
    "paused": gettext_lazy("it is paused"),
    "payment_failure": gettext_lazy("an invoice has been unpaid for longer than the days of grace"),
    "cancellation": gettext_lazy("its cancellation was requested"),
    "not_started": gettext_lazy("it is signed, but has not started"),
    "incomplete": gettext_lazy("its first payment is incomplete"),
    "incomplete_expired": gettext_lazy("its first payment was never completed"),
    "unpaid": gettext_lazy("Stripe marked it unpaid"),
    "canceled": gettext_lazy("it is canceled"),
}


def rule_words(rule: str) -> str:
    """Return why a rule leaves a subscription item out; a status that is unknown says its name."""
    known = WORDS.get(rule)
    return str(known) if known else _("its status is %(status)s") % {"status": rule.replace("_", " ")}
