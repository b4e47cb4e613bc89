"""Which of the hard cases of history a segment or a movement is, and what became of it, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.core.facts import Price
from metrics.core.history import Configuration
from metrics.core.intervals import day_start
from metrics.core.ledger import Segment
from metrics.core.money import decimals
from metrics.core.movements import Movement

DAY = timedelta(days=1)
SIGNING = timedelta(hours=1)
CHANGES = ("plan_change", "price_change", "quantity")
EXPLANATIONS: "dict[str, str | Promise]" = {
    "dated_by_period": _(
        "Nothing in Stripe dates this change but an event that is no longer there. It stands at the boundary "
        "of a billing period, at most one period off."
    ),
    "trial_granted": _(
        "This customer had paid before: a trial now is a gift. MRR stays, and nothing churned."
    ),
    "item_trial": _("This item alone is on trial. It counts once it is paid for; the others count on."),
    "past_due": _("An invoice is overdue. The subscription counts while Stripe keeps trying to collect it."),
    "leaving": _(
        "Cancellation was asked for. MRR stays until the end; committed MRR has left it out already."
    ),
    "paused": _("Collection is paused. What was paid for has run out, so nothing counts until it resumes."),
    "unpaid": _(
        "Stripe gave up collecting without ending the subscription. It counts again once it is paid."
    ),
    "refunded": _(
        "The last period before the end was given back in full, so it counts nothing from its start."
    ),
    "stacked": _("Several coupons lie on this. Percentages compound, then amounts come off, never below 0."),
    "graduated": _("Each tier's units are priced by that tier, and the tiers are added up."),
    "volume": _("All units are priced by the tier that their number reaches."),
    "package": _("The price is for packages: the quantity is divided and rounded before it is priced."),
    "weeks_and_days": _("A year is 52 weeks or 365 days here, and a month a twelfth of it."),
    "several_months": _("One charge covers several months. It counts in equal parts in each of them."),
    "zero_decimals": _("This currency has no smaller unit: Stripe's amounts are whole units."),
    "three_decimals": _("This currency has three decimals: Stripe's amounts are thousandths."),
    "replaced": _(
        "One subscription took the place of another within one window. Together they are one movement, "
        "neither churn nor new."
    ),
    "replaced_later": _(
        "The customer left, and was back the day after. Midnight of the organization's time zone lies "
        "between, so it is churn, then reactivation."
    ),
    "netted": _("Steps up and down within one window are netted. The steps are below."),
    "interval_change": _(
        "The billing interval changed. Stripe began a new period at once; only the difference in MRR moved."
    ),
    "currency_switch": _(
        "The customer pays in another currency from now on. Currencies are never added, so it is churn in "
        "one and new in the other."
    ),
    "prorated": _(
        "The change counts in full from its instant. What Stripe charged or gave back for the rest of the "
        "period, at once or with the next invoice, is no MRR."
    ),
    "item_changed": _("One item came to the subscription or left it. The others counted on."),
    "trial_converted": _("The trial is over and was paid for. It counts from here on, and never before."),
    "discount_changed": _(
        "A discount began or ended. It moves MRR at its own instant, though nobody bought or left anything."
    ),
    "currency_option": _(
        "The price names an amount of its own in each of its currencies. Nothing is converted."
    ),
    "mixed_intervals": _(
        "Items of different billing intervals share this subscription. Each is cut into months by its own."
    ),
    "backdated": _(
        "It began before it was made in Stripe: backdated, or brought along from elsewhere. It counts from "
        "its beginning."
    ),
    "planned": _("A schedule changes it by phases. Each change is dated by the phase that set it."),
    "sent": _("It is billed by invoices that are sent. It counts from its start, paid by then or not."),
    "customer_deleted": _("The customer was deleted in Stripe. What ran ended then; the history stays."),
    "duplicated": _(
        "Another customer has the same e-mail address. In Stripe they are two, and so they are here."
    ),
    "clock_change": _("Clocks changed on this day: it had 23 or 25 hours in the organization's time zone."),
}


def explained(codes: Iterable[str]) -> list[str]:
    """Return each case in words, in the order given."""
    return [str(EXPLANATIONS[code]) for code in codes]


def segment_cases(
    segment: Segment,
    configurations: Iterable[Configuration] = (),
    price: Price | None = None,
    beside: Iterable[Segment] = (),
) -> list[str]:
    """Return the hard cases that a segment is.

    Its customer's configurations, its price and the segments beside it tell more: one segment may span
    several configurations.
    """
    found = [*_of_value(segment)]
    if any(_differs(segment, one) for one in beside):
        found.append("mixed_intervals")
    for row in configurations:
        if row.item == segment.item and _overlap(segment, row):
            found += _of_standing(segment, row)
    if price:
        found += _of_price(price)
    return list(dict.fromkeys(found))


def _differs(segment: Segment, other: Segment) -> bool:
    apart = other.subscription == segment.subscription and other.interval != segment.interval
    return apart and segment.mrr_micro > 0 and other.mrr_micro > 0 and _overlap(segment, other)


def _overlap(segment: Segment, row: Configuration | Segment) -> bool:
    begins = segment.end is None or row.start < segment.end
    return begins and (row.end is None or segment.start < row.end)


def _of_value(segment: Segment) -> Iterator[str]:
    rules = {"paused": "paused", "unpaid": "unpaid", "refund": "refunded"}
    count, interval = segment.interval.split(" ")
    told = {
        "dated_by_period": not (segment.start_exact and segment.end_exact),
        rules.get(segment.excluded, ""): segment.excluded in rules,
        "stacked": len(segment.discounts) > 1,
        "weeks_and_days": interval in ("week", "day"),
        "several_months": interval == "year" or (interval == "month" and count != "1"),
        "zero_decimals": decimals(segment.currency) == 0,
        "three_decimals": decimals(segment.currency) == 3,
    }
    yield from (code for code, holds in told.items() if holds)


def _of_standing(segment: Segment, row: Configuration) -> Iterator[str]:
    told = {
        "trial_granted": row.status == "trialing" and segment.mrr_micro > 0,
        "item_trial": row.status == "item_trialing" and not segment.mrr_micro,
        "past_due": row.status == "past_due" and segment.mrr_micro > 0,
        "leaving": row.cancel_requested and segment.mrr_micro > 0,
    }
    yield from (code for code, holds in told.items() if holds)


def _of_price(price: Price) -> Iterator[str]:
    if price.tiers_mode in ("graduated", "volume"):
        yield price.tiers_mode
    if price.divide_by:
        yield "package"
    if len(price.amounts) > 1:
        yield "currency_option"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a subscription was made: when, from when on, and in what way; and whose it is."""

    made_at: datetime | None
    began_at: datetime | None
    sent: bool = False
    planned: bool = False
    customer_deleted: bool = False
    duplicated: bool = False


def subscription_cases(one: Arrangement) -> list[str]:
    """Return the hard cases that a whole subscription is."""
    backdated = one.made_at and one.began_at and one.began_at + SIGNING < one.made_at
    told = {
        "backdated": backdated,
        "planned": one.planned,
        "sent": one.sent,
        "customer_deleted": one.customer_deleted,
        "duplicated": one.duplicated,
    }
    return [code for code, holds in told.items() if holds]


def movement_cases(
    movement: Movement, zone: ZoneInfo, before: Movement | None = None, intervals: Iterable[str] = ()
) -> list[str]:
    """Return the hard cases that a movement is.

    `before` is the customer's movement before it; `intervals` are those of the prices of its legs.
    """
    left = {step.subscription for step in movement.steps if step.amount_micro < 0}
    came = {step.subscription for step in movement.steps if step.amount_micro > 0}
    reasons, mixed = set(movement.reasons), len({*intervals}) > 1
    replaced = bool(left - came) and bool(came - left)
    changed = movement.kind in ("expansion", "contraction") and not reasons.isdisjoint(CHANGES)
    told = {
        "replaced": replaced,
        "prorated": changed and not mixed and not replaced,
        "item_changed": not reasons.isdisjoint(("item_added", "item_removed")),
        "trial_converted": "trial_converted" in reasons,
        "discount_changed": not reasons.isdisjoint(("discount_started", "discount_ended")),
        "netted": _turns(movement),
        "replaced_later": _follows(movement, before),
        "interval_change": "plan_change" in reasons and mixed,
        "currency_switch": "currency_switch" in reasons,
        "clock_change": hours_of(movement.on, zone) != 24,
    }
    return [code for code, holds in told.items() if holds]


def hours_of(day: date, zone: ZoneInfo) -> float:
    """Return how long a local day lasts."""
    return (day_start(day + DAY, zone) - day_start(day, zone)) / 3_600


def _turns(movement: Movement) -> bool:
    """Tell whether one item went both up and down at different instants of the window."""
    net: dict[tuple[str, int], int] = {}
    for step in movement.steps:
        net[step.item, step.at] = net.get((step.item, step.at), 0) + step.amount_micro
    ways = {(item, amount > 0) for (item, at), amount in net.items() if amount}
    return len(ways) > len({item for item, up in ways})


def _follows(movement: Movement, before: Movement | None) -> bool:
    if before is None or (before.kind, movement.kind) != ("churn", "reactivation"):
        return False
    return before.currency == movement.currency and movement.on - before.on == DAY
