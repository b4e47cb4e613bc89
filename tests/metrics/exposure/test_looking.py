"""What is at risk in a company in which each diagnosis occurs, kept up with what changes."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import PaymentMethod
from config.clock import set_now
from metrics.build.increment import increment
from metrics.build.recompute import mark, recompute
from metrics.exposure import looking
from metrics.exposure.diagnoses import DIAGNOSES
from metrics.models import Diagnosing, Exposure, ExposureTotal, Undiagnosed
from tests.metrics.conftest import NOW
from tests.metrics.exposure.company import STORIES, Known, company
from tests.metrics.seeding import Mirror, mirrored


def expire(mirror: Mirror, customer: str, year: int, month: int) -> None:
    """Store the card of a customer as one that expires in a month."""
    card = next(one for one in mirror.company.book.all("payment_method") if one.customer == customer)
    with tenant(mirror.organization_id):
        PaymentMethod.objects.create(
            organization_id=mirror.organization_id,
            connection_id=mirror.connection_id,
            stripe_id=card.id,
            customer_id=customer,
            payload=b"",
            api_version="",
            fetched_at=NOW,
            exp_year=year,
            exp_month=month,
        )


@pytest.fixture
def risky(organization: Organization) -> Iterator[Mirror]:
    """Give the company's mirror after its numbers were computed and everyone was looked at."""
    mirror = mirrored(organization, company())
    expire(mirror, named(mirror)["old_card"], 2026, 12)
    with set_now(NOW):
        recompute(organization.id)
        looking.look_to_the_end(organization.id)
        yield mirror


def named(mirror: Mirror) -> dict[str, str]:
    """Return the customers by story."""
    return {name: life.customer.id for name, life in zip(STORIES, mirror.company.lives, strict=True)}


def stored(mirror: Mirror) -> dict[str, Known]:
    """Return the diagnoses by story, the one that leads first."""
    found: dict[str, Known] = defaultdict(list)
    stories = {customer: name for name, customer in named(mirror).items()}
    with tenant(mirror.organization_id):
        for one in Exposure.objects.order_by("customer_id", "-leads"):
            found[stories[one.customer_id]].append((one.diagnosis, one.amount_micro))
    return dict(found)


def agree_with_the_totals(mirror: Mirror) -> None:
    """Fail unless the totals are what the rows come to, everyone counted once in the whole."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with tenant(mirror.organization_id):
        for one in Exposure.objects.all():
            for name in [one.diagnosis, *([""] if one.leads else [])]:
                sums[name][0] += 1
                sums[name][1] += one.amount_micro
        totals = ExposureTotal.objects.filter(customers__gt=0)
        told = {one.diagnosis: [one.customers, int(one.amount_micro)] for one in totals}
        assert not ExposureTotal.objects.filter(customers=0).exclude(amount_micro=Decimal(0)).exists()
    assert told == dict(sums)


def test_every_diagnosis_is_found_with_its_amount_on_the_first_day(risky: Mirror) -> None:
    known = {name: diagnoses for name, (_, _, diagnoses) in STORIES.items() if diagnoses}
    assert stored(risky) == known
    assert {name for diagnoses in known.values() for name, _ in diagnoses} == set(DIAGNOSES)
    agree_with_the_totals(risky)


def test_dates_and_words_come_from_what_stripe_says(risky: Mirror) -> None:
    with tenant(risky.organization_id):
        rows = {one.diagnosis: one for one in Exposure.objects.filter(leads=True)}
    assert rows["trial_ending"].due_at == NOW + timedelta(days=9, seconds=60)
    assert rows["card_expiring"].due_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert rows["coupon_ending"].detail["beside_micro"] == str(4_900_000_000)
    assert rows["contraction"].detail["beside_micro"] == str(4_900_000_000)
    due = [rows[name].due_at for name in ("past_due", "canceling", "renewal")]
    late, leaving, renewing = (at for at in due if at is not None)
    assert late < NOW < leaving < renewing


def test_looking_in_chunks_finds_the_same(risky: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored(risky)
    monkeypatch.setattr(looking, "CHUNK", 2)
    with tenant(risky.organization_id):
        Diagnosing.objects.update(edition=0)
        Exposure.objects.filter(customer_id=named(risky)["late"]).delete()
        Exposure.objects.create(
            organization_id=risky.organization_id,
            connection_id=risky.connection_id,
            customer_id="cus_zzz_gone",
            currency="usd",
            diagnosis="past_due",
            amount_micro=1,
            leads=True,
        )
    looking.look_to_the_end(risky.organization_id)
    assert stored(risky) == before
    agree_with_the_totals(risky)


def test_an_increment_has_its_customers_looked_at_again(risky: Mirror) -> None:
    leaver = named(risky)["calm"]
    later = NOW + timedelta(hours=1)
    with set_now(later), tenant(risky.organization_id):
        expire(risky, leaver, 2026, 11)
        mark(risky.organization_id, [(risky.connection_id, leaver)])
    with set_now(later):
        increment(risky.organization_id)
        with tenant(risky.organization_id):
            assert Undiagnosed.objects.get().customer_id == leaver
        looking.look_to_the_end(risky.organization_id)
    assert stored(risky)["calm"] == [("card_expiring", 9_800_000_000)]
    agree_with_the_totals(risky)
    with tenant(risky.organization_id):
        assert not Undiagnosed.objects.exists()


def test_a_new_day_is_looked_at_by_itself(risky: Mirror) -> None:
    assert looking.next_day(risky.organization_id) == datetime(2026, 11, 16, tzinfo=UTC)
    with set_now(NOW + timedelta(days=20)):
        looking.look_to_the_end(risky.organization_id)
    assert "shrinking" not in stored(risky)
    assert stored(risky)["trying_long"] == [("trial_ending", 9_800_000_000)]
    agree_with_the_totals(risky)


def test_without_numbers_nobody_is_looked_at(organization: Organization) -> None:
    assert not looking.look(organization.id)
    assert looking.next_day(organization.id) is None
