from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.model import waterfall
from metrics.periods import shift
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.fixture
def computed(organization: Organization) -> Iterator[Organization]:
    """Give an organization with numbers, inside its tenant, at the company's present."""
    mirrored(organization, generate(seed=5, size=12, now=NOW))
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            yield organization


def test_months_are_as_many_as_asked_for_and_end_with_this_one(computed: Organization) -> None:
    months = queries.months(computed.id, "usd", last=60)
    assert [one.month for one in months] == [shift(date(2026, 11, 1), -n) for n in range(59, -1, -1)]
    assert (months[0].ending_micro, months[0].customers_end) == (0, 0)
    assert months[-1].ending_micro > 0


def test_every_month_starts_where_the_one_before_ended(computed: Organization) -> None:
    months = queries.months(computed.id, "usd", last=40)
    for before, after in pairwise(months):
        assert (after.starting_micro, after.customers_start) == (before.ending_micro, before.customers_end)
    assert [waterfall(one).residual for one in months] == [0] * 40


def test_a_month_is_the_same_alone_as_among_others(computed: Organization) -> None:
    last = queries.months(computed.id, "usd", last=12)[3]
    assert queries.month(computed.id, "usd", last.month) == last


def test_days_sum_to_their_month(computed: Organization) -> None:
    month = queries.month(computed.id, "usd", date(2026, 9, 1))
    days = queries.daily(computed.id, "usd", date(2026, 9, 1), date(2026, 10, 1))
    assert len(days) == 30
    assert (days[0].starting_micro, days[-1].ending_micro) == (month.starting_micro, month.ending_micro)
    assert days[-1].committed_micro == month.committed_micro
    assert sum(day.expansion_micro for day in days) == month.expansion_micro


def test_plans_sum_to_the_month_and_carry_stripes_names(computed: Organization) -> None:
    plans = queries.plan_mix(computed.id, "usd", date(2026, 10, 1))
    assert sum(plan.mrr_micro for plan in plans) == (
        queries.month(computed.id, "usd", date(2026, 10, 1)).ending_micro
    )
    assert plans == sorted(plans, key=lambda plan: -plan.mrr_micro)
    assert all(plan.items > 0 and plan.product_name and plan.price_name for plan in plans)


def test_currencies_and_freshness_tell_what_is_there(computed: Organization) -> None:
    assert queries.currencies(computed.id) == ["usd"]
    assert queries.freshness(computed.id) == queries.Freshness(NOW, NOW, 1, False)
    first = queries.first_month(computed.id, "usd")
    assert first is not None
    assert queries.month(computed.id, "usd", first).starting_micro == 0


def test_the_default_currency_is_the_organizations_own_before_the_largest(computed: Organization) -> None:
    assert queries.default_currency(computed.id) == "usd"
    Organization.objects.filter(id=computed.id).update(currency="eur")
    assert queries.default_currency(computed.id) == "eur"
    Organization.objects.filter(id=computed.id).update(currency="")
    assert queries.default_currency(computed.id) == "usd"


def test_nothing_computed_reads_as_nothing(organization: Organization) -> None:
    with tenant(organization.id), set_now(NOW):
        assert queries.currencies(organization.id) == []
        assert queries.first_month(organization.id, "usd") is None
        assert queries.plan_mix(organization.id, "usd", date(2026, 10, 1)) == []
        assert queries.freshness(organization.id) == queries.Freshness()
        assert queries.today(organization.id) == date(2026, 11, 15)


def test_today_is_the_organizations_own_day(organization: Organization) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone="Pacific/Auckland")
    with tenant(organization.id), set_now(datetime(2026, 10, 31, 23, tzinfo=UTC)):
        assert queries.today(organization.id) == date(2026, 11, 1)
