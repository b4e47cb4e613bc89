"""What pages, files and commands read: rows of the current build, as plain values.

Every function takes the organization first and runs inside its tenant's transaction. Each asks for the
build in the statement that reads its rows, so that a rebuild's switch never shows half of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Min, QuerySet, Subquery, Sum

from accounts.models import Organization
from billing_sync.models import DirtyCustomer, Price, Product
from config import clock
from metrics import definitions
from metrics.core.intervals import local_day
from metrics.models import Built, CurrentBuild, DailyRevenue, MonthlyRevenue, PlanRevenue
from metrics.periods import days_between, last_months, month_of

Row = TypeVar("Row", bound=Built)
FLOWS = (
    "new_micro",
    "expansion_micro",
    "reactivation_micro",
    "contraction_micro",
    "churn_micro",
    "contracted_net_micro",
    "committed_net_micro",
    "customers_new",
    "customers_expanded",
    "customers_reactivated",
    "customers_contracted",
    "customers_churned",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """One period of one currency: magnitudes are positive, and the identity holds to the micro unit."""

    currency: str
    starting_micro: int = 0
    new_micro: int = 0
    expansion_micro: int = 0
    reactivation_micro: int = 0
    contraction_micro: int = 0
    churn_micro: int = 0
    currency_micro: int = 0
    ending_micro: int = 0
    contracted_micro: int = 0
    committed_micro: int = 0
    customers_start: int = 0
    customers_new: int = 0
    customers_expanded: int = 0
    customers_reactivated: int = 0
    customers_contracted: int = 0
    customers_churned: int = 0
    customers_end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month(Flows):
    month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Flows):
    day: date


@dataclass(frozen=True, slots=True)
class PlanShare:
    """One price's part of the MRR at a month's end; names are Stripe's, empty where it gave none."""

    price_id: str
    product_id: str
    price_name: str
    product_name: str
    mrr_micro: int
    items: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the numbers are; everything is None before the first build."""

    data_through: datetime | None = None
    computed_at: datetime | None = None
    definition_version: int | None = None
    computing: bool = False


@dataclass(slots=True)
class Balance:
    """Running sums, carried from one period into the next."""

    mrr: int = 0
    contracted: int = 0
    committed: int = 0
    customers: int = 0

    def step(self, flows: dict[str, int]) -> dict[str, int]:
        """Add one period's flows and return the period's figures with its balances."""
        start, customers = self.mrr, self.customers
        self.mrr += flows["new_micro"] + flows["expansion_micro"] + flows["reactivation_micro"]
        self.mrr -= flows["contraction_micro"] + flows["churn_micro"]
        self.contracted += flows["contracted_net_micro"]
        self.committed += flows["committed_net_micro"]
        self.customers += flows["customers_new"] + flows["customers_reactivated"]
        self.customers -= flows["customers_churned"]
        return {name: value for name, value in flows.items() if not name.endswith("_net_micro")} | {
            "starting_micro": start,
            "ending_micro": self.mrr,
            "contracted_micro": self.contracted,
            "committed_micro": self.committed,
            "customers_start": customers,
            "customers_end": self.customers,
        }


NOTHING = dict.fromkeys(FLOWS, 0)


def current(rows: "QuerySet[Row]", organization_id: UUID) -> "QuerySet[Row]":
    """Narrow to the organization's current build, named in the same statement."""
    pointer = CurrentBuild.objects.filter(organization_id=organization_id)
    return rows.filter(
        organization_id=organization_id,
        definition_version=Subquery(pointer.values("definition_version")),
        build=Subquery(pointer.values("build")),
    )


def today(organization_id: UUID) -> date:
    """Return the organization's present local day."""
    zone = ZoneInfo(definitions.in_use(organization_id).time_zone)
    return local_day(int(clock.now().timestamp()), zone)


def currencies(organization_id: UUID) -> list[str]:
    """Return every currency that ever had MRR, largest MRR first."""
    net = (
        Sum("new_micro")
        + Sum("expansion_micro")
        + Sum("reactivation_micro")
        - Sum("contraction_micro")
        - Sum("churn_micro")
    )
    rows = current(MonthlyRevenue.objects.all(), organization_id)
    return list(
        rows.filter(month__lte=today(organization_id))
        .values("currency")
        .annotate(mrr=net)
        .order_by("-mrr", "currency")
        .values_list("currency", flat=True)
    )


def default_currency(organization_id: UUID) -> str:
    """Return the organization's own currency, else the one of its largest MRR, else nothing."""
    own = Organization.objects.values_list("currency", flat=True).get(id=organization_id)
    return own.lower() or next(iter(currencies(organization_id)), "")


def first_month(organization_id: UUID, currency: str) -> date | None:
    """Return the month of the first movement in a currency, None where there is none."""
    rows = current(MonthlyRevenue.objects.filter(currency=currency), organization_id)
    first: date | None = rows.aggregate(first=Min("month"))["first"]
    return first


def months(organization_id: UUID, currency: str, *, last: int, until: date | None = None) -> list[Month]:
    """Return `last` months, oldest first, ending with the month of `until` (default: this month)."""
    wanted = last_months(until or today(organization_id), last)
    rows = current(MonthlyRevenue.objects.filter(currency=currency), organization_id)
    flows = {
        month: _flows(values)
        for month, *values in rows.filter(month__lte=wanted[-1]).values_list("month", *FLOWS)
    }
    balance, kept = Balance(), set(wanted)
    figures = {month: balance.step(flows.get(month, NOTHING)) for month in sorted(kept | set(flows))}
    return [Month(month=month, currency=currency, **figures[month]) for month in wanted]


def month(organization_id: UUID, currency: str, on: date) -> Month:
    """Return one month; `on` is any of its days."""
    return months(organization_id, currency, last=1, until=on)[0]


def daily(organization_id: UUID, currency: str, start: date, end: date) -> list[Day]:
    """Return every local day in `[start, end)`, netted by day."""
    rows = current(DailyRevenue.objects.filter(currency=currency), organization_id)
    before = rows.filter(day__lt=start).aggregate(**{name: Sum(name) for name in FLOWS})
    balance = Balance()
    balance.step(_flows(before[name] or 0 for name in FLOWS))
    within = rows.filter(day__gte=start, day__lt=end).values_list("day", *FLOWS)
    flows = {day: _flows(values) for day, *values in within}
    return [
        Day(day=day, currency=currency, **balance.step(flows.get(day, NOTHING)))
        for day in days_between(start, end)
    ]


def plan_mix(organization_id: UUID, currency: str, on: date) -> list[PlanShare]:
    """Return the MRR of each price at the end of the month of `on`, largest first; they sum to it."""
    rows = current(PlanRevenue.objects.filter(currency=currency), organization_id)
    sums = list(
        rows.filter(month__lte=month_of(on))
        .values("price_id", "product_id")
        .annotate(mrr=Sum("net_micro"), count=Sum("items"))
        .exclude(mrr=0, count=0)
        .order_by("-mrr", "price_id")
    )
    prices = _names(Price.objects.all(), "nickname", organization_id, (row["price_id"] for row in sums))
    products = _names(Product.objects.all(), "name", organization_id, (row["product_id"] for row in sums))
    return [
        PlanShare(
            row["price_id"],
            row["product_id"],
            prices.get(row["price_id"], ""),
            products.get(row["product_id"], ""),
            int(row["mrr"]),
            int(row["count"]),
        )
        for row in sums
    ]


def freshness(organization_id: UUID) -> Freshness:
    """Return how current the numbers are, and whether newer ones are being made."""
    waiting = DirtyCustomer.objects.filter(organization_id=organization_id).exists()
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    if pointer is None:
        return Freshness(computing=waiting)
    latest = definitions.latest_version(organization_id)
    return Freshness(
        pointer.data_through,
        pointer.computed_at,
        pointer.definition_version,
        waiting or latest != pointer.definition_version,
    )


def _flows(values: Iterable[Any]) -> dict[str, int]:
    return {name: int(value) for name, value in zip(FLOWS, values, strict=True)}


def _names(
    rows: "QuerySet[Any]", field_name: str, organization_id: UUID, ids: Iterable[str]
) -> dict[str, str]:
    found = rows.filter(organization_id=organization_id, stripe_id__in=set(ids))
    return dict(found.values_list("stripe_id", field_name))
