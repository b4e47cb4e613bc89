"""Every way of billing, from a first import and from every event, against what the company knows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.connecting import connect
from billing_sync.models import Connection
from billing_sync.sandbox import truth
from billing_sync.sandbox.company import Company, generate, scenario
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.stories import FULL, STORIES
from billing_sync.syncing import sync
from config.clock import set_now
from metrics import queries
from metrics.build import increment, rebuild
from metrics.build.recompute import catch_up
from metrics.core.definition import Definition
from metrics.core.history import history
from metrics.core.ledger import segments
from metrics.models import Movement, PlanRevenue, Segment
from tests.metrics.agreement import Spans, Verdict, dated_as, judge, plans, spans
from tests.metrics.decoding import EVERYTHING, Decoded
from tests.metrics.seeding import Mirror
from tests.soak import FULL_SIZE, sized

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
ZONE = "Asia/Kolkata"
EVENT_DAYS = 30
# Longer than any company is old, subscriptions that it brought along included.
MONTHS = 72
Record = Callable[[str, object], None]


def computed(company: Company, event_days: int) -> dict[str, Spans]:
    """Return the spans of all customers, by the core alone."""
    decoded, found = Decoded(company, event_days), {}
    catalogue = decoded.shelf.catalogue()
    for one in decoded.customers():
        past = history(one, catalogue)
        assert past.set_aside == ()
        found[one.id] = spans(segments(past.configurations, catalogue, Definition()), company.now)
    return found


def told(name: str) -> list[Company]:
    """Return customers who lived a story to its end, and some in the middle of it."""
    return [scenario(name, NOW, customers=2, days=400), scenario(name, NOW, customers=12, days=100)]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_story_is_its_truth_from_a_first_import(name: str) -> None:
    for company in told(name):
        verdict = judge(company, computed(company, EVENT_DAYS), events_since=company.now - EVENT_DAYS * DAY)
        assert verdict.wrong == []
        assert verdict.off <= 2 * verdict.facts


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_story_is_exactly_its_truth_from_every_event(name: str) -> None:
    for company in told(name):
        assert judge(company, computed(company, EVERYTHING), events_since=0).wrong == []


def stored(organization_id: UUID, company: Company) -> dict[str, Spans]:
    """Return the spans of the company's customers as the tables have them."""
    segments: dict[str, list[SimpleNamespace]] = defaultdict(list)
    names = [life.customer.id for life in company.lives]
    with tenant(organization_id):
        for row in Segment.objects.filter(mrr_micro__gt=0, customer_id__in=names):
            segments[row.customer_id].append(
                SimpleNamespace(
                    subscription=row.subscription_id,
                    item=row.item_id,
                    start=int(row.from_at.timestamp()),
                    end=int(row.to_at.timestamp()) if row.to_at else None,
                    mrr_micro=row.mrr_micro,
                    price=row.price_id,
                    quantity=row.quantity,
                    currency=row.currency,
                    start_exact=row.start_exact,
                    end_exact=row.end_exact,
                )
            )
    return {name: spans(some, company.now) for name, some in segments.items()}


def agreed(organization_id: UUID, company: Company, *, events_since: int) -> Verdict:
    """Hold segments, movements, months, plans and customers against the truth; return the verdict."""
    found = stored(organization_id, company)
    verdict = judge(company, found, events_since=events_since)
    assert verdict.wrong == []
    with dated_as(company, found), tenant(organization_id):
        moved = {
            (row.date.isoformat(), row.customer_id, row.currency, row.kind, row.amount_micro)
            for row in Movement.objects.all()
        }
        assert moved == {
            (row["window"], row["customer"], row["currency"], row["kind"], row["amount_micro"])
            for row in truth.movements(company, ZONE, "day")
        }
        shares = {
            (row.currency, row.month, row.price_id): int(row.net_micro)
            for row in PlanRevenue.objects.exclude(net_micro=0)
        }
        assert shares == plans(company, ZONE)
        for currency, known in truth.totals(company, ZONE, "day").items():
            assert months(organization_id, currency, known) == known
    return verdict


def months(organization_id: UUID, currency: str, known: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the months that the truth knows, as the page reads them."""
    return {
        name: {key: getattr(one, f"{key}_micro") for key in ("starting", *truth.KINDS, "ending")}
        for one in queries.months(organization_id, currency, last=MONTHS)
        if (name := f"{one.month:%Y-%m}") in known
    }


def business(seed: int) -> Company:
    """Return a company of every story, each drawn equally often where it is small."""
    mix = FULL if FULL_SIZE else dict.fromkeys(STORIES, 1)
    return generate(seed, sized(62, 2_000), NOW, mix=mix)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 1 + sized(1, 10)))
def test_a_full_business_is_its_truth_from_a_first_import_and_from_every_event(
    organization: Organization, seed: int, record_property: Record
) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone=ZONE)
    company = business(seed)
    with set_now(NOW):
        with serve(company) as base_url:
            connect(organization.id, api_key=FULL_KEY, api_base=base_url)
            sync(organization.id)
        cold = agreed(organization.id, company, events_since=company.now - EVENT_DAYS * DAY)
        with tenant(organization.id):
            connection_id = Connection.objects.get().id
        heard = Mirror(organization.id, connection_id, company).listen()
        catch_up(organization.id)
        agreed(organization.id, company, events_since=0)
    record_property("customers", len(company.lives))
    record_property("events", heard)
    record_property("facts that only events date", cold.facts)
    record_property("of them dated by a period", cold.off)


def test_a_business_watched_for_months_is_its_truth_from_then_on(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "CHUNK", 25)
    monkeypatch.setattr(increment, "MARKS_AT_ONCE", 10)
    Organization.objects.filter(id=organization.id).update(time_zone=ZONE)
    began = NOW - timedelta(days=96)
    company = generate(3, 62, began, mix=dict.fromkeys(STORIES, 1))
    events_since = company.now - EVENT_DAYS * DAY
    with serve(company) as base_url:
        connect(organization.id, api_key=FULL_KEY, api_base=base_url)
        for days in range(0, 97, 24):
            now = began + timedelta(days=days)
            company.advance(int(now.timestamp()))
            with set_now(now):
                sync(organization.id)
    agreed(organization.id, company, events_since=events_since)
