"""A page's own rows come to what the tables of sums say, whichever road they are read on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import catch_up, recompute
from metrics.core.intervals import day_start
from metrics.definitions import set_definition
from metrics.evidence import anew, held, moved
from metrics.evidence.held import FIGURES, Balance, holders
from metrics.evidence.moved import moves
from metrics.evidence.sums import FEW, standing
from metrics.evidence.wanted import Sum
from metrics.listings import customer_rows
from metrics.models import CustomerBalance, DailyRevenue, Movement, Segment
from metrics.periods import shift
from metrics.queries import Shown
from tests import database
from tests.cast import make_organization
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored

DAYS = (NOW.date(), date(2026, 10, 31), date(2026, 7, 4), date(2025, 12, 31))
KINDS = ("", "new", "expansion", "reactivation", "contraction", "churn")


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[UUID]:
    """Give a company of every story, the hard ones too, once: only the last test changes it."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
        mirrored(organization, generate(11, 70, NOW, mix=dict.fromkeys(STORIES, 1)))
        recompute(organization.id)
        yield organization.id
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


@pytest.fixture
def shown(company: UUID, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """Open the company with pages of seven rows, so that every list has several."""
    for module in (held, moved, anew):
        monkeypatch.setattr(module, "PAGE", 7)
    monkeypatch.setattr(anew, "SOME", 5)
    with set_now(NOW), tenant(company):
        yield queries.shown(company)


@dataclass(frozen=True, slots=True)
class All:
    """The rows of all pages, and what each page said of them together."""

    rows: list[Any]
    said: set[tuple[int | None, int | None]]

    @property
    def amount_micro(self) -> int:
        return sum(one.amount_micro for one in self.rows)


def every_page(read: Any) -> All:
    after, rows, said = None, [], set()
    while True:
        page = read(after)
        rows += page.lines
        said.add((page.count, page.total_micro))
        if not page.more:
            keys = [
                (getattr(one, "on", None), getattr(one, "at", 0), one.connection_id, one.customer_id)
                for one in rows
            ]
            assert len(keys) == len(set(keys))
            return All(rows, said)
        after = page.next_key


def by_segments(shown: Shown, balance: Balance) -> dict[tuple[UUID, str], int]:
    """Sum the segments that hold at the day's end, as the definition has it."""
    at = datetime.fromtimestamp(held.instant(shown, balance.on), UTC)
    found = Counter[tuple[UUID, str]]()
    for one in Segment.objects.filter(currency=balance.currency, from_at__lte=at):
        if (one.to_at is None or one.to_at > at) and balance.plan in ("", one.price_id):
            amounts = {
                "mrr": one.mrr_micro,
                "arr": 12 * one.mrr_micro,
                "committed_mrr": one.committed_micro,
                "contracted_arr": 12 * one.mrr_micro if one.contracted else 0,
            }
            found[one.connection_id, one.customer_id] += amounts[balance.figure]
    return {who: amount for who, amount in found.items() if amount}


@pytest.mark.parametrize("few", [0, FEW])
@pytest.mark.parametrize("figure", list(FIGURES))
def test_holders_are_who_the_segments_say(shown: Shown, figure: str, few: int) -> None:
    plan = Segment.objects.filter(currency="usd", mrr_micro__gt=0).order_by("-price_id")[0].price_id
    told = 0
    for on in DAYS:
        for balance in (Balance(figure, "usd", on), Balance(figure, "usd", on, plan)):
            expected = by_segments(shown, balance)
            known = standing(shown, "usd", on)
            pages = every_page(partial(holders, shown, known, balance, few=few))
            assert {one.key[1:]: one.amount_micro for one in pages.rows} == expected
            ((count, total),) = pages.said
            assert count in (None, len(expected))
            assert total in (None, pages.amount_micro)
            told += total is not None and bool(expected)
            if count is not None or few:
                assert [one.key for one in pages.rows] == sorted((o.key for o in pages.rows), reverse=True)
            if few or not balance.plan:
                assert total is not None
    assert told >= len(DAYS)


def test_balances_are_the_listing_s_and_the_segments(shown: Shown) -> None:
    assert shown.freshness.computed_at
    now = shown.freshness.computed_at + timedelta(seconds=1)
    listed = {
        (row.customer_id, row.currency): row.mrr_micro for row in customer_rows(shown.organization_id, now)
    }
    stored = list(CustomerBalance.objects.all())
    assert {(one.customer_id, one.currency): one.mrr_micro for one in stored if one.mrr_micro} == listed
    for currency in ("usd", "eur"):
        for figure, column, times in (
            ("committed_mrr", "committed_micro", 1),
            ("contracted_arr", "contracted_micro", 12),
        ):
            expected = by_segments(shown, Balance(figure, currency, shown.today))
            rows = [one for one in stored if one.currency == currency and getattr(one, column)]
            assert {
                (one.connection_id, one.customer_id): times * getattr(one, column) for one in rows
            } == expected


def test_a_movement_s_balance_holds_until_the_next(shown: Shown) -> None:
    for on in DAYS:
        at = datetime.fromtimestamp(day_start(on + timedelta(days=1), shown.zone), UTC)
        listed = {
            (row.customer_id, row.currency): row.mrr_micro for row in customer_rows(shown.organization_id, at)
        }
        held_then = [
            one for one in Movement.objects.filter(date__lte=on) if one.until is None or one.until > on
        ]
        assert {
            (one.customer_id, one.currency): one.after_micro for one in held_then if one.after_micro
        } == listed
    assert Movement.objects.exclude(until=None).exists()


def test_the_squares_of_a_day_are_those_of_its_movements(shown: Shown) -> None:
    squares = Counter[tuple[str, date, str]]()
    for one in Movement.objects.all():
        squares[one.currency, one.date, one.kind] += one.amount_micro**2
    stored = {
        (row.currency, row.day, kind): int(getattr(row, f"{kind}_squares"))
        for row in DailyRevenue.objects.all()
        for kind in KINDS[1:]
        if getattr(row, f"{kind}_squares")
    }
    assert stored == dict(squares)


def summed(shown: Shown, wanted: Sum) -> list[tuple[Any, ...]]:
    """Return the rows of a sum on both roads, which must agree."""
    few, many = (every_page(partial(moves, shown, wanted, few=limit)) for limit in (1_000, 0))
    assert few.rows == many.rows
    assert few.said == {(len(few.rows), few.amount_micro)}
    assert many.said <= {*few.said, (None, None)}
    return few.rows


@pytest.mark.parametrize("kind", KINDS)
def test_movements_are_the_same_on_both_roads(shown: Shown, kind: str) -> None:
    for month in (date(2026, 11, 1), date(2026, 6, 1)):
        for end in (shift(month, 1), month + timedelta(days=9)):
            summed(shown, Sum(month, end, "usd", kind))
    assert summed(shown, Sum(date(2025, 1, 1), date(2027, 1, 1), "usd", kind))


def test_a_plan_s_movements_are_the_same_on_both_roads(shown: Shown) -> None:
    plan = Segment.objects.filter(currency="usd", mrr_micro__gt=0).order_by("-price_id")[0].price_id
    assert summed(shown, Sum(date(2025, 1, 1), date(2027, 1, 1), "usd", plan=plan))


def test_months_netted_anew_are_the_same_on_both_roads(
    company: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with set_now(NOW):
        with tenant(company):
            set_definition(company, {"movement_window": "month"})
        catch_up(company)
        for module in (held, moved, anew):
            monkeypatch.setattr(module, "PAGE", 7)
        with tenant(company):
            shown = queries.shown(company)
            for month in (date(2026, 11, 1), date(2026, 6, 1)):
                for kind in KINDS:
                    summed(shown, Sum(month, shift(month, 1), "usd", kind, window="month"))
