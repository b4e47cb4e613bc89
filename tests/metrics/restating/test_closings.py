"""A closed month stays as published, and every later change of it is one explained entry."""

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, Event, Invoice, Subscription
from billing_sync.sandbox.company import Company
from config.clock import set_now
from metrics import definitions, queries
from metrics.build.recompute import catch_up, recompute
from metrics.build.write import Build
from metrics.flows import Flows
from metrics.model import recurring_revenue
from metrics.models import CurrentBuild
from metrics.restating import balances, closings
from metrics.restating.closings import Refusal
from metrics.restating.figures import FIGURES, figures_of, flows_in
from metrics.restating.models import ClosedBalance, ClosedMonth, Restatement
from tests.cast import Person
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, mirrored

MONTHS = [date(2026, month, 1) for month in (6, 7, 8, 9)]
SUMMED = ("starting", "ending", "contracted", "committed")


def close_all(organization: Organization, owner: Person) -> dict[tuple[date, str], dict[str, Any]]:
    """Close some months; return what each was published as."""
    with tenant(organization.id):
        rows = [row for month in MONTHS for row in closings.close(organization.id, month, by=owner.user)]
        return {(row.month, row.currency): closings.published_model(row) for row in rows}


def live(organization: Organization) -> dict[tuple[date, str], dict[str, int]]:
    """Return the present figures of the closed months."""
    pointer = CurrentBuild.objects.get()
    build = Build(organization.id, pointer.definition_version, pointer.build)
    found = figures_of(flows_in(build), MONTHS[-1])
    return {key: figures for key, figures in found.items() if key[0] in MONTHS}


def held(organization: Organization) -> dict[tuple[date, str], closings.Published]:
    return {(row.month, row.currency): closings.published(row) for row in closings.closed(organization.id)}


def sums(facts: list[balances.Facts]) -> dict[str, int]:
    return {name: sum(each.get(name, 0) for each in facts) for name in SUMMED}


@pytest.mark.parametrize("seed", [1, 2])
def test_late_events_leave_what_was_published_and_name_whom_they_change(
    organization: Organization, owner: Person, company: Company, seed: int
) -> None:
    mirror, chance = mirrored(organization, company), random.Random(seed)
    with tenant(organization.id):
        names = sorted(set(Subscription.objects.values_list("customer_id", flat=True)))
        late = chance.sample(names, 9)
        for model in (Subscription, Invoice, Event):
            model._default_manager.filter(customer_id__in=late[:5]).delete()
        Event.objects.filter(customer_id__in=late).delete()
        Invoice.objects.filter(customer_id__in=late).delete()
    with set_now(NOW):
        recompute(organization.id)
        published, changed = close_all(organization, owner), 0
        for wave in late[:2], late[2:5], late[5:]:
            with tenant(organization.id):
                before, entries = live(organization), Restatement.objects.count()
            mirror.copy(wave)
            recompute(organization.id, [(mirror.connection_id, name) for name in wave])
            catch_up(organization.id)
            with tenant(organization.id):
                moved = before != live(organization)
                assert Restatement.objects.count() == entries + moved
                check(organization, published, set(wave) if moved else set())
                changed += moved
    assert changed > 1


def check(
    organization: Organization, published: dict[tuple[date, str], dict[str, Any]], names: set[str]
) -> None:
    """Hold that what was published stands, the rest is live, and the customers told explain it."""
    kept = held(organization)
    for key, model in published.items():
        assert closings.published_model(kept[key].row) == model
    for key, figures in live(organization).items():
        assert {name: getattr(kept[key].after, name) for name in FIGURES} == figures
    found = list(Restatement.objects.all())
    assert {one.cause for one in found} <= {"late_event"}
    told = [{each for each in one.objects_named if each.startswith("cus_")} for one in found]
    assert not names or any(each and each <= names for each in told)
    for month, currency in kept:
        explained(month, kept[month, currency])


def explained(month: date, one: closings.Published) -> None:
    """Hold that the customers who are listed make up the whole difference of a month."""
    rows = list(ClosedBalance.objects.filter(month=month, currency=one.row.currency))
    listed = [row for row in rows if row.restated is not None]
    old, new = sums([row.facts for row in listed]), sums([row.restated or {} for row in listed])
    every = sums([row.facts if row.restated is None else row.restated for row in rows])
    for name in SUMMED:
        before, after = (getattr(each, f"{name}_micro") for each in (one.before, one.after))
        assert after - before == new[name] - old[name]
        assert after == every[name]


def test_closing_keeps_the_model_that_was_published(
    organization: Organization, owner: Person, business: Mirror
) -> None:
    with tenant(organization.id):
        was = recurring_revenue(organization.id, [queries.month(organization.id, "usd", MONTHS[-1])])
        shown = close_all_one(organization, owner)
        assert shown == was[0]
        assert AuditEntry.objects.get(action="month.closed").subject == "2026-09"
        with pytest.raises(Refusal) as refused:
            closings.close(organization.id, MONTHS[-1], by=owner.user)
        assert refused.value.why == Refusal.CLOSED
        definitions.set_definition(organization.id, {"discounts": "none"}, by=owner.user)
    catch_up(organization.id)
    with tenant(organization.id):
        row = ClosedMonth.objects.get(month=MONTHS[-1], currency="usd")
        assert closings.published_model(row) == was[0]
        again = closings.published_model(row, restated=True)
        live_now = recurring_revenue(organization.id, [queries.month(organization.id, "usd", MONTHS[-1])])[0]
        assert again["recurring_revenue"] == live_now["recurring_revenue"]
        assert again["definitions"]["discounts"] == "none"
        entry = Restatement.objects.get()
        assert entry.cause == "definition"
        assert entry.detail["closed_months"] == ["2026-09-01"]
        assert closings.changed_balances(organization.id, MONTHS[-1]).exists()
        definitions.set_definition(organization.id, {"discounts": "forever_and_repeating"}, by=owner.user)
    catch_up(organization.id)
    with tenant(organization.id):
        assert not closings.changed_balances(organization.id, MONTHS[-1]).exists()
        Connection.objects.update(state=Connection.State.DELETING, imported_at=None)
    catch_up(organization.id)
    with tenant(organization.id):
        erased = Restatement.objects.get(cause="erasure")
        assert erased.objects_named == []
        assert not ClosedBalance.objects.exists()
        row = ClosedMonth.objects.get(month=MONTHS[-1], currency="usd")
        assert closings.published_model(row) == was[0]
        assert closings.published(row).after == Flows(currency="usd")


def close_all_one(organization: Organization, owner: Person) -> dict[str, Any]:
    rows = closings.close(organization.id, MONTHS[-1], by=owner.user)
    return next(closings.published_model(row) for row in rows if row.currency == "usd")


@pytest.mark.parametrize(
    ("month", "change", "why"),
    [
        (date(2026, 11, 1), {}, Refusal.NOT_ENDED),
        (date(2026, 10, 1), {"data_through": datetime(2026, 10, 31, tzinfo=UTC)}, Refusal.BEHIND),
        (date(2019, 1, 1), {}, Refusal.EMPTY),
    ],
)
def test_a_month_is_closed_only_when_all_of_it_is_known(
    organization: Organization, owner: Person, month: date, change: dict[str, Any], why: str
) -> None:
    with set_now(NOW), tenant(organization.id):
        with pytest.raises(Refusal) as refused:
            closings.close(organization.id, month, by=owner.user)
        assert refused.value.why == Refusal.NO_NUMBERS
        version = definitions.latest(organization.id).version
        CurrentBuild.objects.create(
            organization=organization,
            build=1,
            definition_version=version,
            **{"computed_at": NOW, "data_through": NOW, **change},
        )
        with pytest.raises(Refusal) as refused:
            closings.close(organization.id, month, by=owner.user)
        assert refused.value.why == why
        definitions.set_definition(organization.id, {"discounts": "none"})
        with pytest.raises(Refusal) as refused:
            closings.close(organization.id, date(2026, 9, 1), by=owner.user)
        assert refused.value.why == Refusal.COMPUTING
