"""Why a movement happened, in words, from the codes that the core gives."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

WORDS = {
    "started": gettext_lazy("new subscription"),
    "item_added": gettext_lazy("item added"),
    "item_removed": gettext_lazy("item removed"),
    "plan_change": gettext_lazy("plan change"),
    "price_change": gettext_lazy("price change"),
    "quantity": gettext_lazy("quantity"),
    "discount_started": gettext_lazy("discount started"),
    "discount_ended": gettext_lazy("discount ended"),
    "paused": gettext_lazy("paused"),
    "resumed": gettext_lazy("resumed"),
    "payment_failure": gettext_lazy("payment failure"),
    "payment_recovered": gettext_lazy("payment recovered"),
    "trial_converted": gettext_lazy("trial converted"),
    "refund": gettext_lazy("refund"),
    "currency_switch": gettext_lazy("change of currency"),
    "cancellation": gettext_lazy("cancellation"),
    "revalued": gettext_lazy("valued anew"),
}

# Stripe's reasons of a cancellation, and what a customer may say of it.
STRIPE_WORDS = {
    "cancellation_requested": gettext_lazy("cancellation requested"),
    "payment_disputed": gettext_lazy("payment disputed"),
    "payment_failed": gettext_lazy("payment failed"),
    "customer_service": gettext_lazy("customer service"),
    "low_quality": gettext_lazy("low quality"),
    "missing_features": gettext_lazy("missing features"),
    "other": pgettext_lazy("a customer's feedback", "other"),
    "switched_service": gettext_lazy("switched service"),
    "too_complex": gettext_lazy("too complex"),
    "too_expensive": gettext_lazy("too expensive"),
    "unused": pgettext_lazy("a customer's feedback", "unused"),
}


def reasons(codes: Iterable[str]) -> str:
    """Return the reasons of a movement in words; a cancellation says Stripe's own reason and feedback."""
    return ", ".join(dict.fromkeys(_words(code) for code in codes))


def _words(code: str) -> str:
    name, *told = code.split(":")
    words = str(WORDS.get(name, name.replace("_", " ")))
    if not told:
        return words
    return _("%(reason)s (%(told)s)") % {
        "reason": words,
        "told": ", ".join(str(STRIPE_WORDS.get(one, one.replace("_", " "))) for one in told),
    }
