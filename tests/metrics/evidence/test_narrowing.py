"""What narrows a list of movements leaves exactly those that a plain look at each of them would."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pytest_django.plugin import DjangoDbBlocker

from accounts.tenancy import tenant
from billing_sync.models import Payer, Price
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.build.tally import KINDS
from metrics.countries.known import countries
from metrics.countries.models import CustomerCountry
from metrics.evidence.moved import moves
from metrics.evidence.search import beginning_with
from metrics.evidence.wanted import Only, Sum
from metrics.exposure.looking import look_to_the_end
from metrics.models import Movement
from tests import database
from tests.cast import make_organization
from tests.metrics.conftest import NOW
from tests.metrics.evidence.people import told
from tests.metrics.evidence.test_rows_behind_sums import every_page
from tests.metrics.seeding import mirrored

ALWAYS = (date(2020, 1, 1), date(2027, 1, 1))
UNIT = 100_000_000


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[UUID]:
    """Give a company of every story, looked at, once to all tests of this module: none changes it."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        mirrored(organization, generate(5, 60, NOW, mix=dict.fromkeys(STORIES, 1)))
        told(organization.id)
        recompute(organization.id)
        look_to_the_end(organization.id)
        yield organization.id
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


def plainly(wanted: Sum) -> dict[tuple[date, UUID, str], int]:
    """Look at every movement by itself."""
    found, only = {}, wanted.only
    names = {(one.connection_id, one.customer_id): one for one in Payer.objects.all()}
    homes = {(one.connection_id, one.customer_id): one.country for one in CustomerCountry.objects.all()}
    terms = {one.stripe_id: f"{one.interval_count}-{one.interval}" for one in Price.objects.all()}
    interval = only.interval if "-" in only.interval or not only.interval else f"1-{only.interval}"
    for one in Movement.objects.filter(currency=wanted.currency):
        who = (one.connection_id, one.customer_id)
        legs = [
            leg[4]
            for leg in one.legs
            if wanted.plan in ("", leg[2]) and (not interval or terms.get(leg[2]) == interval)
        ]
        narrow = bool(wanted.plan or interval)
        amount = sum(legs) if narrow else one.amount_micro
        payer = names.get(who)
        called = [payer.name.lower(), payer.email.lower()] if payer else []
        if (
            wanted.start <= one.date < wanted.end
            and wanted.kind in ("", one.kind)
            and (legs or not narrow)
            and (only.least_micro is None or abs(amount) >= only.least_micro)
            and (only.most_micro is None or abs(amount) <= only.most_micro)
            and (not only.reason or any(f"{code}:".startswith(f"{only.reason}:") for code in one.reasons))
            and (not only.country or homes.get(who) == only.country)
            and (
                not only.text
                or one.customer_id.startswith(only.text)
                or any(name.startswith(only.text.lower()) for name in called)
            )
        ):
            found[one.date, *who] = amount
    return found


sizes = some.sampled_from([None, 0, 20 * UNIT, 99 * UNIT, 500 * UNIT])
wanted_ones = some.builds(
    Only,
    least_micro=sizes,
    most_micro=sizes,
    reason=some.sampled_from(["", "", "cancellation", "quantity", "started"]),
    interval=some.sampled_from(["", "", "month", "year", "3-month"]),
    country=some.sampled_from(["", "", "US", "DE"]),
    text=some.sampled_from(["", "", "", "c", "Ä", "12", "cus_"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(only=wanted_ones, kind=some.sampled_from(["", *KINDS]), currency=some.sampled_from(["usd", "eur"]))
def test_the_rows_are_those_that_a_plain_look_finds(
    company: UUID, only: Only, kind: str, currency: str
) -> None:
    wanted = Sum(*ALWAYS, currency, kind, only=only)
    with set_now(NOW), tenant(company):
        shown = queries.shown(company)
        expected = plainly(wanted)
        for few in (10_000, 3):
            pages = every_page(partial(moves, shown, wanted, few=few))
            assert {one.key[:3]: one.amount_micro for one in pages.rows} == expected
            for count, total in pages.said:
                assert (count, total) in ((len(expected), sum(expected.values())), (None, None))


def test_kinds_plans_and_intervals_each_sum_to_the_whole(company: UUID) -> None:
    with set_now(NOW), tenant(company):
        shown = queries.shown(company)
        for currency in ("usd", "eur"):
            whole = moves(shown, Sum(*ALWAYS, currency)).total_micro
            plans = {leg[2] for one in Movement.objects.filter(currency=currency) for leg in one.legs}
            terms = {
                f"{one.interval_count}-{one.interval}" for one in Price.objects.filter(stripe_id__in=plans)
            }
            for parts in (
                [Sum(*ALWAYS, currency, kind) for kind in KINDS],
                [Sum(*ALWAYS, currency, plan=plan) for plan in plans],
                [Sum(*ALWAYS, currency, only=Only(interval=one)) for one in terms],
            ):
                assert sum(moves(shown, one).total_micro or 0 for one in parts) == whole


def test_a_search_that_finds_too_many_says_so(company: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.evidence.search.MOST_FOUND", 5)
    with set_now(NOW), tenant(company):
        shown = queries.shown(company)
        found = beginning_with(shown, "cus_")
        assert (len(found.keys), found.more) == (5, True)
        assert moves(shown, Sum(*ALWAYS, "usd", only=Only(text="cus_"))).more_found


def test_countries_are_read_from_addresses(company: UUID) -> None:
    with tenant(company):
        known = countries(company)
        assert known == sorted(
            set(CustomerCountry.objects.exclude(country="").values_list("country", flat=True))
        )
        assert known
