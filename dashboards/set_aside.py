"""What a sync set aside, in words: which object, why, and what that means for the numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing_sync.progress import ConnectionProgress
from billing_sync.resources import BY_NAME
from metrics.unused import Unused, UnusedObjects

UNREADABLE = "unreadable: "


@dataclass(frozen=True, slots=True)
class Rule:
    """Why history cannot use an object of a kind, and what it does instead."""

    kind: "str | Promise"
    reason: "str | Promise"
    meaning: "str | Promise"


ITEM, LINE = gettext_lazy("Subscription item"), gettext_lazy("Invoice line")
DISCOUNT = gettext_lazy("Discount")
NOT_APPLIED = gettext_lazy("The discount takes nothing off.")
NO_EVIDENCE = gettext_lazy("The line proves nothing about the past; other lines and events still do.")
RULES = {
    "amount_out_of_range": Rule(
        gettext_lazy("Subscription"),
        gettext_lazy("Its amount is larger than any real one."),
        gettext_lazy("The subscription counts as 0."),
    ),
    "could_not_be_computed": Rule(
        gettext_lazy("Customer"),
        gettext_lazy("Computing their history failed; the log says why."),
        gettext_lazy("The customer counts as 0 until an object of theirs changes."),
    ),
    "coupon_of_another_currency": Rule(
        DISCOUNT, gettext_lazy("Its coupon takes off an amount in another currency."), NOT_APPLIED
    ),
    "empty_period": Rule(LINE, gettext_lazy("Its period ends before it begins."), NO_EVIDENCE),
    "ends_before_start": Rule(DISCOUNT, gettext_lazy("It ends before it begins."), NOT_APPLIED),
    "line_without_period": Rule(LINE, gettext_lazy("It covers no period."), NO_EVIDENCE),
    "price_without_amount": Rule(
        ITEM,
        gettext_lazy("Its price does not say an amount in the subscription's currency."),
        gettext_lazy("The item counts as 0."),
    ),
    "subscription_ends_before_start": Rule(
        gettext_lazy("Subscription"),
        gettext_lazy("It ends before it begins."),
        gettext_lazy("The subscription counts as 0."),
    ),
    "unknown_coupon": Rule(DISCOUNT, gettext_lazy("Its coupon is not known."), NOT_APPLIED),
    "unknown_price": Rule(
        gettext_lazy("Item or invoice line"),
        gettext_lazy("Its price is not known."),
        gettext_lazy("It is left out until Stripe shows the price."),
    ),
}
LEFT_OUT = gettext_lazy("It is left out, and tried again when it changes.")


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the list."""

    object_id: str
    kind: str
    reason: str
    meaning: str
    account: str
    customers: str


@dataclass(frozen=True, slots=True)
class SetAsideList:
    """The rows shown; `rest` counts those that are not."""

    total: int
    rest: int
    rows: list[Row]


def set_aside_list(found: UnusedObjects, connections: Iterable[ConnectionProgress]) -> SetAsideList:
    """Return the list for the page of these connections."""
    names = {each.id: each.name or each.account_id for each in connections}
    several = len(names) > 1
    rows = [_row(each, names.get(each.connection_id, "") if several else "") for each in found.first]
    return SetAsideList(found.total, found.total - len(rows), rows)


def _row(one: Unused, account: str) -> Row:
    if one.resource:
        resource = BY_NAME.get(one.resource)
        label = str(resource.label) if resource else one.resource
        return Row(one.object_id, label, one.reason, str(LEFT_OUT), account, "")
    customers = ngettext("%(count)d customer", "%(count)d customers", one.customers)
    rule = RULES.get(one.reason) or _other(one.reason)
    words = (str(rule.kind), str(rule.reason), str(rule.meaning))
    return Row(one.object_id, *words, account, customers % {"count": one.customers})


def _other(rule: str) -> Rule:
    if rule.startswith(UNREADABLE):
        why = _("It does not read as Stripe documents it: %(error)s.")
        return Rule(_("Object"), why % {"error": rule.removeprefix(UNREADABLE)}, LEFT_OUT)
    return Rule(_("Object"), rule.replace("_", " "), LEFT_OUT)
