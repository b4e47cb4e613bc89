"""A business told in movements and written straight into an organization's tables."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from metrics import definitions, queries
from metrics.alerts.accounts import accounts_of
from metrics.alerts.evaluation import evaluate
from metrics.models import CurrentBuild, DailyRevenue, MonthlyRevenue, Movement

NAMES = {
    "new": "customers_new",
    "expansion": "customers_expanded",
    "reactivation": "customers_reactivated",
    "contraction": "customers_contracted",
    "churn": "customers_churned",
}
FOUNDED = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """One movement of one customer; the amount is a magnitude in micro units."""

    on: date
    kind: str
    customer: str
    amount: int


def base(customers: int, each: int = 1_000_000) -> list[Told]:
    """Return customers who came long ago."""
    return [Told(FOUNDED, "new", f"cus_{n}", each) for n in range(customers)]


def leaving(first: int, count: int, on: date, each: int = 1_000_000) -> list[Told]:
    """Return some of them leaving on a day."""
    return [Told(on, "churn", f"cus_{first + n}", each) for n in range(count)]


def write(organization: Organization, told: Sequence[Told], at: datetime) -> None:
    """Put the business into the current build, as if computed and synced at an instant."""
    with tenant(organization.id):
        connection = _connection(organization, at)
        version = definitions.latest(organization.id).version
        key: dict[str, Any] = {"organization": organization, "definition_version": version, "build": 1}
        for model in (Movement, DailyRevenue, MonthlyRevenue):
            model.objects.filter(organization_id=organization.id).delete()
        Movement.objects.bulk_create(_movement(key, connection, one) for one in told)
        squares = _squares(told)
        for on, row in _sums(told, lambda on: on).items():
            DailyRevenue.objects.create(**key, currency="usd", day=on, **row, **squares[on])
        for on, row in _sums(told, lambda on: on.replace(day=1)).items():
            MonthlyRevenue.objects.create(**key, currency="usd", month=on, **row)
        facts = {"computed_at": at, "data_through": at, "connection_ids": [connection.id]}
        CurrentBuild.objects.update_or_create(
            organization=organization, defaults={"definition_version": version, "build": 1, **facts}
        )


def _sums(told: Sequence[Told], period: Callable[[date], date]) -> dict[date, dict[str, int]]:
    sums: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in told:
        row = sums[period(one.on)]
        row[f"{one.kind}_micro"] += one.amount
        row[NAMES[one.kind]] += 1
    return sums


def _squares(told: Sequence[Told]) -> dict[date, dict[str, int]]:
    sums: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in told:
        sums[one.on][f"{one.kind}_squares"] += one.amount**2
    return sums


def _connection(organization: Organization, at: datetime) -> Connection:
    found = Connection.objects.filter(account_id="acct_1").first()
    if found is None:
        found = Connection(
            organization=organization, kind=Connection.Kind.RESTRICTED_KEY, account_id="acct_1", livemode=True
        )
    found.state, found.imported_at, found.data_through = Connection.State.LIVE, at, at
    found.save()
    return found


def _movement(key: dict[str, Any], connection: Connection, one: Told) -> Movement:
    sign = -1 if one.kind in ("churn", "contraction") else 1
    return Movement(
        **key,
        connection_id=connection.id,
        customer_id=one.customer,
        date=one.on,
        currency="usd",
        kind=one.kind,
        amount_micro=sign * one.amount,
        after_micro=0,
        reasons=[],
        subscription_ids=[],
        legs=[],
    )


def judge_now(organization: Organization) -> None:
    """Judge the organization's rules, inside its tenant, at the present instant."""
    evaluate(queries.shown(organization.id), accounts_of(organization.id))


def noon(on: date) -> datetime:
    """Return the middle of a day in UTC."""
    return datetime(on.year, on.month, on.day, 12, tzinfo=UTC)


def days(start: date, count: int) -> list[date]:
    """Return consecutive days."""
    return [start + timedelta(days=n) for n in range(count)]
