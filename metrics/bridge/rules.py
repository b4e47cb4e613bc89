"""The rules by which a tool makes MRR of the same subscriptions, as its public documentation states them."""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Source:
    """A public page, by its title and its address."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One answer of a tool's documentation; `value` None where that is silent: then our own rule stays.

    `said` puts the documentation in our words, or tells what was looked for and not found.
    """

    value: str | int | bool | None
    said: Text
    sources: tuple[Source, ...] = ()

    @property
    def known(self) -> bool:
        """Say whether the documentation answers."""
        return self.value is not None


FOR_EVER = "for_ever"
# The walk from our MRR to theirs takes these in this order; each names a field of RuleSet.
WALK = (
    "trials",
    "past_due",
    "unpaid",
    "first_payment",
    "discounts",
    "tax",
    "usage",
    "paused",
    "cancellation",
    "refunds",
)
# What no tool of these does otherwise, or what a walk in one currency leaves out.
BESIDE = ("free", "intervals", "currency")
LABELS: dict[str, Text] = {
    "trials": _("Trials"),
    "past_due": _("Past due"),
    "unpaid": _("Unpaid"),
    "first_payment": _("First payment"),
    "discounts": _("Discounts"),
    "tax": _("Tax"),
    "usage": _("Metered usage"),
    "paused": _("Paused collection"),
    "cancellation": _("Cancellation at period end"),
    "refunds": _("Refunds"),
    "free": _("Free plans"),
    "intervals": _("Intervals"),
    "currency": _("Currencies"),
}


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One tool's rules, and the day on which its documentation was read.

    `trials`: "excluded" always, or "unless_counted_before", or "counted". `past_due`: the days until it
    counts no more, or FOR_EVER. `unpaid`: "excluded" or "counted". `first_payment`: whether it is awaited.
    `discounts`, `usage`, `cancellation`: the words of our definition's settings. `tax`: "excluded" or
    "included". `paused`: whether it counts. `refunds`: whether a refunded last period counts 0.
    """

    vendor: str
    name: str
    read_on: date
    trials: Rule
    past_due: Rule
    unpaid: Rule
    first_payment: Rule
    discounts: Rule
    tax: Rule
    usage: Rule
    paused: Rule
    cancellation: Rule
    refunds: Rule
    free: Rule
    intervals: Rule
    currency: Rule

    def rule(self, name: str) -> Rule:
        """Return one rule by its name."""
        found = getattr(self, name)
        assert isinstance(found, Rule)
        return found
