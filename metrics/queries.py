"""What pages, files and commands read: rows of the current build, as plain values.

Every function runs inside its organization's tenant. Each asks for the build in the statement that reads
its rows, so that a rebuild's switch never shows half of each. A page that asks for much begins with
`shown` and hands it on; a command asks function by function.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Subquery, Sum

from accounts.models import Organization, TenantModel
from accounts.reading import Asked, read
from billing_sync.models import DirtyCustomer
from config import clock
from metrics import definitions
from metrics.alerts.rules import AlertSettings
from metrics.alerts.versions import latest as latest_rules
from metrics.built import Built
from metrics.core.definition import Definition
from metrics.core.intervals import local_day
from metrics.flows import FLOWS, NOTHING, Balance, Day, Month, flows_of
from metrics.models import BuildPlan, CurrentBuild, DailyRevenue
from metrics.months import Months
from metrics.periods import days_between, month_of
from metrics.settings import changed

Row = TypeVar("Row", bound=Built)
# Where either has a row of an organization, newer numbers are being made.
WAITING: tuple[type[TenantModel], ...] = (DirtyCustomer, BuildPlan)

# Asked by every page and every look at the alerts, so written out: composing it costs more than running it.
SHOWN = """
SELECT shown.definition_version, shown.build, shown.computed_at, shown.data_through, shown.connection_ids,
       used.settings::text, rules.version, rules.settings::text,
       (SELECT max(version) FROM metrics_definition WHERE organization_id = shown.organization_id),
       shown.edition,
       EXISTS (SELECT FROM billing_sync_dirtycustomer WHERE organization_id = shown.organization_id)
         OR EXISTS (SELECT FROM metrics_buildplan WHERE organization_id = shown.organization_id)
FROM metrics_currentbuild AS shown
JOIN metrics_definition AS used
  ON used.organization_id = shown.organization_id AND used.version = shown.definition_version
LEFT JOIN LATERAL (
    SELECT version, settings FROM metrics_alertrules
    WHERE organization_id = shown.organization_id ORDER BY version DESC LIMIT 1
) AS rules ON true
WHERE shown.organization_id = %s
"""
# Text is read faster than a decimal.
MONTHS = f"""
SELECT currency, month, {", ".join(f"{name}::text" for name in FLOWS)}
FROM metrics_monthlyrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
WHERE organization_id = %s
"""  # noqa: S608
# Summed before anything is named: a plan has a row for each month that moved it.
NAMED = """
    SELECT DISTINCT ON (stripe_id) stripe_id, {name} FROM {table}
    WHERE organization_id = %(organization)s AND connection_id = ANY((SELECT ids FROM account)::uuid[])
      AND stripe_id = ANY(ARRAY(SELECT {key} FROM plan))
    ORDER BY stripe_id, connection_id
"""
ALL_PLANS = f"""
WITH plan AS (
    SELECT price_id, product_id, currency, sum(net_micro) AS mrr, sum(items) AS items
    FROM metrics_planrevenue JOIN metrics_currentbuild USING (organization_id, definition_version, build)
    WHERE organization_id = %(organization)s AND month <= %(month)s
    GROUP BY price_id, product_id, currency HAVING sum(net_micro) <> 0 OR sum(items) <> 0
), account AS (
    SELECT array_agg(id) AS ids FROM billing_sync_connection WHERE organization_id = %(organization)s
), price AS ({NAMED.format(name="nickname", table="billing_sync_price", key="price_id")}),
product AS ({NAMED.format(name="name", table="billing_sync_product", key="product_id")})
SELECT price_id, product_id, currency, mrr, items, coalesce(nickname, ''), coalesce(name, '')
FROM plan LEFT JOIN price ON price.stripe_id = price_id LEFT JOIN product ON product.stripe_id = product_id
ORDER BY mrr DESC, price_id
"""  # noqa: S608
PLANS = ALL_PLANS.replace("month <= %(month)s", "month <= %(month)s AND currency = %(currency)s")


@dataclass(frozen=True, slots=True)
class PlanShare:
    """One price's part of the MRR at a month's end; names are Stripe's, empty where it gave none."""

    price_id: str
    product_id: str
    price_name: str
    product_name: str
    mrr_micro: int
    items: int
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the numbers are; everything is None before the first build."""

    data_through: datetime | None = None
    computed_at: datetime | None = None
    definition_version: int | None = None
    computing: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The build on show: the rules that made it, the accounts summed, and how current it is.

    `build` is None before the first, `edition` that of the code which made it.
    """

    organization_id: UUID
    definition: Definition
    alerts: AlertSettings
    alerts_version: int
    connection_ids: tuple[UUID, ...]
    freshness: Freshness
    build: int | None = None
    edition: int = 0

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
    rows = read(SHOWN, [organization_id])
    if not rows:
        definition = definitions.latest(organization_id)
        alerts_version, alerts = latest_rules(organization_id)
        waiting = any(
            each._default_manager.filter(organization_id=organization_id).exists() for each in WAITING
        )
        return Shown(organization_id, definition, alerts, alerts_version, (), Freshness(computing=waiting))
    version, build, computed_at, through, accounts, settings, rules_version, rules, newest, *rest = rows[0]
    edition, waiting = rest
    return Shown(
        organization_id,
        _definition(version, settings),
        _rules(rules) if rules else AlertSettings(),
        rules_version or 1,
        tuple(accounts),
        Freshness(through, computed_at, version, waiting or newest != version),
        build,
        edition,
    )


@lru_cache(maxsize=256)
def _definition(version: int, settings: str) -> Definition:
    return definitions.of_settings(version, json.loads(settings))


@lru_cache(maxsize=256)
def _rules(settings: str) -> AlertSettings:
    return changed(AlertSettings(), json.loads(settings))


def shown_asked(organization_id: UUID) -> tuple[Asked, Asked]:
    """Return what `shown` and `all_months` ask, for whoever reads both ahead."""
    return Asked(SHOWN, [organization_id]), Asked(MONTHS, [organization_id])


def freshness(organization_id: UUID) -> Freshness:
    """Return how current the numbers are, and whether newer ones are being made."""
    return shown(organization_id).freshness


def today(organization_id: UUID) -> date:
    """Return the organization's present local day."""
    return shown(organization_id).today


def all_months(shown: Shown) -> Months:
    """Return every month of every currency by one statement."""
    flows: dict[str, dict[date, dict[str, int]]] = defaultdict(dict)
    for currency, month, *values in read(MONTHS, [shown.organization_id]):
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


def plans_asked(organization_id: UUID, currency: str | None, on: date) -> Asked:
    """Return what `plan_mix` asks, for whoever reads it ahead."""
    bound = {"organization": organization_id, "currency": currency, "month": month_of(on)}
    return Asked(ALL_PLANS if currency is None else PLANS, bound)


def plan_mix(organization_id: UUID, currency: str | None, on: date) -> list[PlanShare]:
    """Return the MRR of each price at the end of the month of `on`, largest first; they sum to it.

    Without a currency, the prices of each.
    """
    found = read(*plans_asked(organization_id, currency, on))
    return [
        PlanShare(price, product, price_name, product_name, int(mrr), int(items), code)
        for price, product, code, mrr, items, price_name, product_name in found
    ]
