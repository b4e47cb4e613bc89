"""The holders of MRR that filters leave are those that a plain sum of segments would."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pytest_django.plugin import DjangoDbBlocker

from accounts.tenancy import tenant
from billing_sync.models import Payer
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.countries.models import CustomerCountry
from metrics.evidence import present
from metrics.evidence.held import instant
from metrics.evidence.present import ORDERS, Chosen, present_holders
from metrics.evidence.sizes import spread
from metrics.evidence.sums import standing
from metrics.exposure.diagnoses import CANCELING, PAST_DUE
from metrics.exposure.looking import look_to_the_end
from metrics.models import CustomerBalance, Exposure, Segment
from metrics.queries import Shown
from tests import database
from tests.cast import make_organization
from tests.metrics.conftest import NOW
from tests.metrics.evidence.people import told
from tests.metrics.evidence.test_rows_behind_sums import every_page
from tests.metrics.seeding import mirrored

UNIT = 100_000_000


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[UUID]:
    """Give a company of every story, looked at, once to all tests of this module: none changes it."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        mirrored(organization, generate(7, 60, NOW, mix=dict.fromkeys(STORIES, 1)))
        told(organization.id)
        recompute(organization.id)
        look_to_the_end(organization.id)
        yield organization.id
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "PAGE", 6)
    monkeypatch.setattr(present, "LOOKED", 4)


def plainly(shown: Shown, chosen: Chosen) -> dict[tuple[UUID, str], int]:
    """Sum the segments of everyone that hold now, and look at everyone by himself."""
    at = datetime.fromtimestamp(instant(shown, shown.today), UTC)
    whole, part = Counter[tuple[UUID, str]](), Counter[tuple[UUID, str]]()
    for one in Segment.objects.filter(currency=chosen.currency, from_at__lte=at):
        if one.to_at is None or one.to_at > at:
            who = (one.connection_id, one.customer_id)
            whole[who] += one.mrr_micro
            part[who] += one.mrr_micro if chosen.plan in ("", one.price_id) else 0
    risks = {
        (one.connection_id, one.customer_id, one.diagnosis)
        for one in Exposure.objects.filter(currency=chosen.currency)
    }
    homes = {(one.connection_id, one.customer_id): one.country for one in CustomerCountry.objects.all()}
    names = {(one.connection_id, one.customer_id): one for one in Payer.objects.all()}

    def fits(who: tuple[UUID, str]) -> bool:
        due, leaving = ((*who, name) in risks for name in (PAST_DUE, CANCELING))
        status = PAST_DUE if due else CANCELING if leaving else "active"
        called = (names[who].name.lower(), names[who].email.lower())
        return (
            chosen.status in ("", status)
            and (chosen.low is None or whole[who] >= chosen.low)
            and (chosen.high is None or whole[who] < chosen.high)
            and chosen.country in ("", homes.get(who))
            and (who[1].startswith(chosen.text) or any(one.startswith(chosen.text.lower()) for one in called))
        )

    return {who: amount for who, amount in part.items() if amount and fits(who)}


bounds = some.sampled_from([None, None, 0, 30 * UNIT, 99 * UNIT, 400 * UNIT])
choices = some.builds(
    Chosen,
    currency=some.sampled_from(["usd", "usd", "eur"]),
    status=some.sampled_from(["", "", "active", PAST_DUE, CANCELING]),
    low=bounds,
    high=bounds,
    country=some.sampled_from(["", "", "US", "FR"]),
    text=some.sampled_from(["", "", "", "ä", "C", "1"]),
    order=some.sampled_from(list(ORDERS)),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=choices, of_plan=some.booleans())
def test_the_list_is_that_of_a_plain_look(company: UUID, chosen: Chosen, of_plan: bool) -> None:
    with set_now(NOW), tenant(company):
        shown = queries.shown(company)
        if of_plan:
            held = Segment.objects.filter(currency=chosen.currency, mrr_micro__gt=0, to_at=None)
            plan = held.order_by("price_id").values_list("price_id", flat=True)[0]
            chosen = Chosen(**{name: getattr(chosen, name) for name in chosen.__slots__} | {"plan": plan})
        expected = plainly(shown, chosen)
        for counted, on_plan in ((1_000, 0), (0, 0), (0, 100)):
            look = partial(present_holders, shown, chosen, 100, counted=counted, on_plan=on_plan)
            pages = every_page(look)
            assert {(one.connection_id, one.customer_id): one.amount_micro for one in pages.rows} == expected
            places = [one.place(chosen.order) for one in pages.rows]
            assert places == sorted(places, reverse=ORDERS[chosen.order][1] == "DESC")
            for count, total in pages.said:
                assert (count, total) in ((len(expected), sum(expected.values())), (None, None))
                assert counted == 0 or not chosen.narrows or count is not None


@given(edges=some.lists(some.integers(1, 2_000), max_size=5, unique=True))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spans_of_mrr_partition_the_headline(company: UUID, edges: list[int]) -> None:
    lows = [0, *(UNIT * edge for edge in sorted(edges))]
    with set_now(NOW), tenant(company):
        shown = queries.shown(company)
        known = standing(shown, "usd", shown.today)
        found = spread(shown, "usd", shown.today, lows)
        stored = CustomerBalance.objects.filter(currency="usd", mrr_micro__gt=0)
        held = sorted(stored.values_list("mrr_micro", flat=True), reverse=True)
    assert (found.whole.customers, found.whole.mrr_micro) == (known.customers, known.mrr_micro)
    assert sum(one.mrr_micro for one in found.spans) == known.mrr_micro == sum(held)
    assert sum(one.customers for one in found.spans) == known.customers == len(held)
    for low, high, part in zip(lows, [*lows[1:], 10**30], found.spans, strict=True):
        within = [one for one in held if low <= one < high]
        assert (part.customers, part.mrr_micro) == (len(within), sum(within))
    for count, part in found.largest.items():
        assert (part.customers, part.mrr_micro) == (len(held[:count]), sum(held[:count]))
