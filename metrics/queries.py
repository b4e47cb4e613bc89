"""What pages, files and commands read: rows of the current build, as plain values.

Every function runs inside its organization's tenant. Each asks for the build in the statement that reads
its rows, so that a rebuild's switch never shows half of each. A page that asks for much begins with
`shown` and hands it on; a command asks function by function.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Coalesce

from accounts.models import Organization
from billing_sync.models import DirtyCustomer, Price, Product
from config import clock
from metrics import definitions
from metrics.alerts.models import AlertRules
from metrics.alerts.rules import AlertSettings
from metrics.alerts.versions import latest as latest_rules
from metrics.built import Built
from metrics.core.definition import Definition
from metrics.core.intervals import local_day
from metrics.flows import FLOWS, NOTHING, Balance, Day, Month, flows_of
from metrics.models import CurrentBuild, DailyRevenue, MonthlyRevenue, PlanRevenue
from metrics.models import Definition as Version
from metrics.months import Months
from metrics.periods import days_between, month_of
from metrics.settings import changed

Row = TypeVar("Row", bound=Built)


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


@dataclass(frozen=True, slots=True)
class Shown:
    """The build on show: the rules that made it, the accounts summed, and how current it is."""

    organization_id: UUID
    definition: Definition
    alerts: AlertSettings
    alerts_version: int
    connection_ids: tuple[UUID, ...]
    freshness: Freshness

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which months and days are cut."""
        return ZoneInfo(self.definition.time_zone)

    @property
    def today(self) -> date:
        """Return the organization's present local day."""
        return local_day(int(clock.now().timestamp()), self.zone)


def current(rows: "QuerySet[Row]", organization_id: UUID) -> "QuerySet[Row]":
    """Narrow to the organization's current build, named in the same statement."""
    pointer = CurrentBuild.objects.filter(organization_id=organization_id)
    return rows.filter(
        organization_id=organization_id,
        definition_version=Subquery(pointer.values("definition_version")),
        build=Subquery(pointer.values("build")),
    )


def shown(organization_id: UUID) -> Shown:
    """Return the build on show by one statement; before the first build, the newest rules."""
    versions = Version.objects.filter(organization_id=organization_id)
    used = versions.filter(version=OuterRef("definition_version"))
    rules = AlertRules.objects.filter(organization_id=organization_id).order_by("-version")
    waiting = DirtyCustomer.objects.filter(organization_id=organization_id)
    row = (
        CurrentBuild.objects.filter(organization_id=organization_id)
        .annotate(
            settings=Subquery(used.values("settings")),
            alerts=Subquery(rules.values("settings")[:1]),
            alerts_version=Subquery(rules.values("version")[:1]),
            newest=Subquery(versions.order_by("-version").values("version")[:1]),
            waiting=Exists(waiting),
        )
        .first()
    )
    if row is None:
        definition = definitions.latest(organization_id)
        alerts_version, alerts = latest_rules(organization_id)
        fresh = Freshness(computing=waiting.exists())
        return Shown(organization_id, definition, alerts, alerts_version, (), fresh)
    version = row.definition_version
    fresh = Freshness(row.data_through, row.computed_at, version, row.waiting or row.newest != version)
    return Shown(
        organization_id,
        definitions.of_settings(version, row.settings),
        changed(AlertSettings(), row.alerts or {}),
        row.alerts_version or 1,
        tuple(row.connection_ids),
        fresh,
    )


def freshness(organization_id: UUID) -> Freshness:
    """Return how current the numbers are, and whether newer ones are being made."""
    return shown(organization_id).freshness


def today(organization_id: UUID) -> date:
    """Return the organization's present local day."""
    return shown(organization_id).today


def all_months(shown: Shown) -> Months:
    """Return every month of every currency by one statement."""
    flows: dict[str, dict[date, dict[str, int]]] = defaultdict(dict)
    rows = current(MonthlyRevenue.objects.all(), shown.organization_id)
    for currency, month, *values in rows.values_list("currency", "month", *FLOWS):
        flows[currency][month] = flows_of(values)
    return Months(shown.today, flows)


def currencies(organization_id: UUID) -> list[str]:
    """Return every currency that ever had MRR, largest MRR first."""
    return all_months(shown(organization_id)).currencies()


def default_currency(organization_id: UUID) -> str:
    """Return the organization's own currency, else the one of its largest MRR, else nothing."""
    own = Organization.objects.values_list("currency", flat=True).get(id=organization_id)
    return own.lower() or next(iter(currencies(organization_id)), "")


def first_month(organization_id: UUID, currency: str) -> date | None:
    """Return the month of the first movement in a currency, None where there is none."""
    return all_months(shown(organization_id)).first(currency)


def months(organization_id: UUID, currency: str, *, last: int, until: date | None = None) -> list[Month]:
    """Return `last` months, oldest first, ending with the month of `until` (default: this month)."""
    return all_months(shown(organization_id)).last(last, currency, until=until)


def month(organization_id: UUID, currency: str, on: date) -> Month:
    """Return one month; `on` is any of its days."""
    return months(organization_id, currency, last=1, until=on)[0]


def daily(organization_id: UUID, currency: str, start: date, end: date) -> list[Day]:
    """Return every local day in `[start, end)`, netted by day."""
    rows = current(DailyRevenue.objects.filter(currency=currency), organization_id)
    before = rows.filter(day__lt=start).aggregate(**{name: Sum(name) for name in FLOWS})
    balance = Balance()
    balance.step(flows_of(before[name] or 0 for name in FLOWS))
    within = rows.filter(day__gte=start, day__lt=end).values_list("day", *FLOWS)
    flows = {day: flows_of(values) for day, *values in within}
    return [
        Day(day=day, currency=currency, **balance.step(flows.get(day, NOTHING)))
        for day in days_between(start, end)
    ]


def plan_mix(organization_id: UUID, currency: str, on: date) -> list[PlanShare]:
    """Return the MRR of each price at the end of the month of `on`, largest first; they sum to it."""
    rows = current(PlanRevenue.objects.filter(currency=currency), organization_id)
    sums = (
        rows.filter(month__lte=month_of(on))
        .values("price_id", "product_id")
        .annotate(mrr=Sum("net_micro"), count=Sum("items"))
        .exclude(mrr=0, count=0)
        .annotate(
            price_name=_name(Price.objects.all(), "nickname", organization_id, "price_id"),
            product_name=_name(Product.objects.all(), "name", organization_id, "product_id"),
        )
        .order_by("-mrr", "price_id")
    )
    return [
        PlanShare(
            row["price_id"],
            row["product_id"],
            row["price_name"],
            row["product_name"],
            int(row["mrr"]),
            int(row["count"]),
        )
        for row in sums
    ]


def _name(rows: "QuerySet[Any]", column: str, organization_id: UUID, key: str) -> Coalesce:
    found = rows.filter(organization_id=organization_id, stripe_id=OuterRef(key)).order_by("connection_id")
    return Coalesce(Subquery(found.values(column)[:1]), Value(""), output_field=TextField())
