"""What each kind of decided change is called, what its amount means, and what it says of one subscription."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.outlook.decided import (
    CANCELLATION,
    CARD_EXPIRY,
    COUPON_END,
    PAUSE,
    PHASE,
    RENEWAL,
    START,
    TRIAL_END,
)

Words = dict[str, "str | Promise"]
LABELS: Words = {
    CANCELLATION: gettext_lazy("Cancellations"),
    TRIAL_END: gettext_lazy("Trials end"),
    COUPON_END: gettext_lazy("Coupons end"),
    PHASE: gettext_lazy("Schedule phases"),
    START: gettext_lazy("Signed, not started"),
    PAUSE: gettext_lazy("Pauses"),
    CARD_EXPIRY: gettext_lazy("Cards expire"),
    RENEWAL: gettext_lazy("Annual renewals"),
}
# What one change is called.
NAMES: Words = {
    CANCELLATION: gettext_lazy("Cancellation"),
    TRIAL_END: gettext_lazy("Trial end"),
    COUPON_END: gettext_lazy("Coupon"),
    PHASE: gettext_lazy("Schedule phase"),
    START: gettext_lazy("Start"),
    PAUSE: gettext_lazy("Pause"),
    CARD_EXPIRY: gettext_lazy("Card"),
    RENEWAL: gettext_lazy("Annual renewal"),
}
LISTS: Words = {
    "moves": gettext_lazy("What moves MRR"),
    "risks": gettext_lazy("What is put at risk"),
    "committed": gettext_lazy("What sets committed MRR apart"),
}
MEANINGS: Words = {
    CANCELLATION: gettext_lazy("Subscriptions that were asked to end: the MRR that they will have then."),
    TRIAL_END: gettext_lazy("What a trial is worth once it is paid. It adds nothing if the payment fails."),
    COUPON_END: gettext_lazy("By how much a discount's end raises MRR, or its beginning lowers it."),
    PHASE: gettext_lazy("What a phase of a schedule changes: plan, quantity, or the schedule's own end."),
    START: gettext_lazy("Schedules that are signed and begin later."),
    PAUSE: gettext_lazy("Subscriptions whose collection is paused, from the end of the paid period on."),
    CARD_EXPIRY: gettext_lazy("MRR charged to cards whose last month ends. Nothing moves by itself."),
    RENEWAL: gettext_lazy("MRR of items billed for a year or longer whose term ends. It renews by itself."),
}


def sentence(kind: str, amount_micro: int, *, late: bool) -> str:
    """Return what a change says of one subscription."""
    if late:
        return _("This was due. Stripe has not reported it yet.")
    return {
        CANCELLATION: _("Ends, as was asked.")
        if amount_micro
        else _("Ends before it has counted, as was asked."),
        TRIAL_END: _("The trial ends. It counts once it is paid."),
        COUPON_END: _("A discount ends.") if amount_micro >= 0 else _("A discount begins."),
        PHASE: _("A schedule changes the subscription."),
        START: _("The subscription that was signed begins."),
        PAUSE: _("The paid period ends, and collection is paused."),
        CARD_EXPIRY: _("The last day on which the card is good."),
        RENEWAL: _("The term ends, and another begins."),
    }[kind]
