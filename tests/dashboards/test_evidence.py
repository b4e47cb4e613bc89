"""Every number of a random company opens rows that sum to it, down to Stripe's objects."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import catch_up, recompute
from metrics.definitions import set_definition
from metrics.models import Segment
from tests.cast import Person
from tests.dashboards.crawler import held_against_its_rows, numbers, page, rows
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored

SEGMENT = re.compile(r'<a class="opens" href="([^"]+)" data-segment-micro="(-?\d+)"')
OBJECT = re.compile(r'href="(/o/acme/objects/[^"]+)"')


@pytest.fixture
def revenue(organization: Organization) -> Iterator[Organization]:
    """Give a company of every story, with more customers than a page holds."""
    Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
    mirrored(organization, generate(3, 80, NOW, mix=dict.fromkeys(STORIES, 1)))
    with set_now(NOW):
        recompute(organization.id)
        yield organization


def currencies(organization: Organization) -> list[str]:
    with tenant(organization.id):
        return queries.currencies(organization.id)


def test_every_number_opens_rows_that_sum_to_it(owner: Person, revenue: Organization) -> None:
    seen, most_pages = set[str](), 0
    for currency in currencies(revenue)[:2]:
        for month in ("2026-11", "2026-08"):
            html = page(owner.client, f"/o/acme/?month={month}&currency={currency}&span=6")
            found = [one for one in numbers(html) if one.url not in seen]
            assert len(found) >= 20
            for one in found:
                seen.add(one.url)
                most_pages = max(most_pages, held_against_its_rows(owner.client, one).pages)
    assert most_pages > 1
    figures = {figure for figure in ("arr", "mrr_growth_rate", "churn", "plan=") if figure in " ".join(seen)}
    assert len(figures) == 4


def test_every_customer_and_segment_opens_down_to_stripe_s_objects(
    owner: Person, revenue: Organization
) -> None:
    held = rows(owner.client, "/o/acme/customers/?currency=usd")
    objects = set[str]()
    for url, amount in list(zip(held.customers, held.amounts, strict=True))[::9]:
        html = page(owner.client, url)
        moved = re.findall(r'id="on-[\d-]+-usd"\s+data-movement-micro="(-?\d+)"', html)
        assert sum(map(int, moved)) == amount
        for segment, micro in SEGMENT.findall(html)[:4]:
            shown = page(owner.client, unescape(segment))
            assert f'data-total-micro="{micro}"' in shown
            assert "Definition version 1" in shown
            objects |= set(OBJECT.findall(shown)[:4])
    assert len(objects) > 20
    for url in sorted(objects)[::8]:
        assert '<pre class="code payload"' in page(owner.client, unescape(url))


@pytest.mark.parametrize("window", ["event", "month"])
def test_a_month_netted_otherwise_opens_movements_netted_so(
    window: str, owner: Person, revenue: Organization
) -> None:
    with tenant(revenue.id):
        set_definition(revenue.id, {"movement_window": window})
    catch_up(revenue.id)
    html = page(owner.client, "/o/acme/?month=2026-10&currency=usd&span=6")
    moved = [one for one in numbers(html) if "/movements/" in one.url and "2026-10" in one.url]
    assert len(moved) >= 7
    for one in moved:
        held_against_its_rows(owner.client, one)


def test_balances_that_are_committed_and_contracted_open(owner: Person, revenue: Organization) -> None:
    with tenant(revenue.id):
        (month,) = queries.months(revenue.id, "usd", last=1)
    for figure, amount in (
        ("committed_mrr", month.committed_micro),
        ("contracted_arr", 12 * month.contracted_micro),
    ):
        held = rows(owner.client, f"/o/acme/customers/?currency=usd&figure={figure}")
        assert sum(held.amounts) == held.total == amount
        assert amount


def test_movements_of_some_days_and_one_plan_sum_to_their_total(owner: Person, revenue: Organization) -> None:
    days = "from=2026-09-10&to=2026-10-20&currency=usd"
    every = rows(owner.client, f"/o/acme/movements/?{days}")
    assert sum(every.amounts) == every.total
    with tenant(revenue.id):
        plan = Segment.objects.filter(currency="usd", mrr_micro__gt=0).values_list("price_id", flat=True)[0]
    of_plan = rows(owner.client, f"/o/acme/movements/?from=2020-01-01&to=2026-12-01&currency=usd&plan={plan}")
    assert of_plan.amounts
    assert sum(of_plan.amounts) == of_plan.total


def test_the_pages_of_evidence_ask_little(owner: Person, revenue: Organization) -> None:
    customers = rows(owner.client, "/o/acme/customers/?currency=usd").customers
    segment = unescape(SEGMENT.findall(page(owner.client, customers[0]))[0][0])
    plan = re.findall(r"plan=[^&\"]+", page(owner.client, "/o/acme/?currency=usd"))[0]
    for url in (
        f"/o/acme/movements/?currency=usd&{plan}",
        "/o/acme/movements/?currency=usd&rate=revenue_churn_rate",
        f"/o/acme/customers/?currency=usd&{plan}",
        customers[0],
        segment,
        unescape(OBJECT.findall(page(owner.client, segment))[0]),
        "/o/acme/evidence.json?currency=usd",
    ):
        asked = statements(owner, url)
        assert len(asked) <= 12, url + "\n" + "\n".join(asked)
