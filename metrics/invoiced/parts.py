"""What every invoiced amount comes to under a definition: counted, discount, tax, or left out by a rule."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable

from metrics.core.definition import Definition
from metrics.core.ledger import DURATIONS
from metrics.invoiced.models import InvoicedLine
from metrics.models import Configuration

COUNTED, DISCOUNT, TAX = "counted", "discount", "tax"
# Nobody owes any part of these.
WITHDRAWN = ("void", "uncollectible")
# How long a coupon lasts: the column that holds what it took, and the rule that leaves it out.
LASTING = {
    "once": ("once_part", "once_discount"),
    "repeating": ("repeating_part", "repeating_discount"),
    "forever": ("forever_part", "forever_discount"),
}


def parted(rows: "QuerySet[InvoicedLine]", definition: Definition) -> "QuerySet[Any]":
    """Annotate each line with the rule of its net and with its parts, which sum to its amount."""
    return rows.annotate(
        rule=_rule(definition),
        net_part=_unless_withdrawn(F("amount") - F("discount") - F("tax"), instead=F("amount")),
        tax_part=_unless_withdrawn(F("tax")),
        once_part=_unless_withdrawn(F("once_discount")),
        repeating_part=_unless_withdrawn(F("repeating_discount")),
        forever_part=_unless_withdrawn(F("discount") - F("once_discount") - F("repeating_discount")),
    )


def parts(definition: Definition) -> dict[str, list[str]]:
    """Return each heading or rule beside the net's, and the columns of the parts that belong there."""
    counted = DURATIONS[definition.discounts]
    found = {TAX: ["tax_part"]}
    for duration, (column, rule) in LASTING.items():
        found.setdefault(DISCOUNT if duration in counted else rule, []).append(column)
    return found


def holding(columns: Iterable[str]) -> Q:
    """Return the condition that any of some parts is other than 0."""
    found = Q()
    for column in columns:
        found |= ~Q(**{column: 0})
    return found


def _unless_withdrawn(amount: Combinable, *, instead: Combinable | None = None) -> Case:
    gone = Value(0) if instead is None else instead
    return Case(When(status__in=WITHDRAWN, then=gone), default=amount, output_field=BigIntegerField())


def _rule(definition: Definition) -> Case:
    """Name what the net comes to; the first rule that holds decides."""
    recurring = Q(kind="recurring")
    if definition.usage != "exclude":
        recurring |= Q(kind="usage")
    whens = [When(status__in=WITHDRAWN, then=F("status")), When(~recurring, then=F("kind"))]
    whens.append(When(~Q(status="paid"), then=Value("unpaid")))
    if definition.refunds_netted_out:
        whens.append(When(Exists(_refunded()), then=Value("refund")))
    return Case(*whens, default=Value(COUNTED), output_field=TextField())


def _refunded() -> "QuerySet[Configuration]":
    """Return the history that shows the line's period as given back."""
    return Configuration.objects.filter(
        Q(to_at__isnull=True) | Q(to_at__gt=OuterRef("period_start")),
        organization_id=OuterRef("organization_id"),
        connection_id=OuterRef("connection_id"),
        customer_id=OuterRef("customer_id"),
        subscription_id=OuterRef("subscription_id"),
        from_at__lte=OuterRef("period_start"),
        refunded=True,
    )
