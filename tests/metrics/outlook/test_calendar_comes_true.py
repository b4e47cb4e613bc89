"""What the calendar says is decided is what a sandbox does when its clock moves on."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import Company
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.evidence.sums import standing
from metrics.exposure import looking
from metrics.models import DecidedChange, Segment
from metrics.outlook.decided import MOVES, RENEWAL, TRIAL_END
from tests.metrics.conftest import NOW
from tests.metrics.outlook.company import Overtaken, company
from tests.metrics.seeding import mirrored
from tests.soak import sized

LATER = NOW + timedelta(days=30)
Moves = dict[str, dict[date, int]]


def look(organization: Organization) -> list[DecidedChange]:
    """Compute and look at everyone; return what is decided."""
    recompute(organization.id)
    looking.look_to_the_end(organization.id)
    with tenant(organization.id):
        return list(DecidedChange.objects.order_by("due_on", "subscription_id", "kind"))


def happened(organization: Organization, since: datetime) -> Moves:
    """Return by how much each subscription's MRR moved on each day after an instant."""
    found: Moves = defaultdict(lambda: defaultdict(int))
    with tenant(organization.id):
        for one in queries.current(Segment.objects.all(), organization.id):
            for at, amount in ((one.from_at, one.mrr_micro), (one.to_at, -one.mrr_micro)):
                if at is not None and since < at <= LATER:
                    found[one.subscription_id][at.date()] += amount
    return {name: {on: amount for on, amount in days.items() if amount} for name, days in found.items()}


def told(rows: list[DecidedChange]) -> Moves:
    """Return what the calendar says of the same days; a trial's end counts once it is paid, an hour on."""
    found: Moves = defaultdict(lambda: defaultdict(int))
    for one in rows:
        if one.kind in MOVES and NOW < paid_at(one) <= LATER:
            found[one.subscription_id][paid_at(one).date()] += one.amount_micro
    return {name: {on: amount for on, amount in days.items() if amount} for name, days in found.items()}


def paid_at(one: DecidedChange) -> datetime:
    assert one.due_at is not None
    return one.due_at + timedelta(hours=1) if one.kind == TRIAL_END else one.due_at


def renewed(company: Company) -> set[tuple[str, int]]:
    """Return which subscriptions were billed for another period, and when."""
    invoices = company.book.all("invoice")
    return {(one.subscription or "", one.created) for one in invoices}


def committed_apart(organization_id: UUID) -> dict[str, int]:
    """Return by how much committed MRR and MRR differ, and hold the calendar against it, by currency."""
    found: dict[str, int] = {}
    with tenant(organization_id):
        shown = queries.shown(organization_id)
        for currency in sorted(queries.all_months(shown).currencies()):
            now = standing(shown, currency, shown.today)
            rows = DecidedChange.objects.filter(currency=currency)
            steps = sum(rows.values_list("committed_micro", flat=True))
            assert now.mrr_micro + steps == now.committed_micro, currency
            found[currency] = steps
    return found


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(1, 60)))
def test_thirty_days_later_what_was_decided_has_happened(organization: Organization, seed: int) -> None:
    made, overtaken = company(seed, sized(60, 120), NOW)
    mirror = mirrored(organization, made)
    with set_now(NOW):
        rows = look(organization)
        assert committed_apart(organization.id)["usd"] < 0
    with set_now(LATER):
        made.advance(int(LATER.timestamp()))
        mirror.copy()
        look(organization)
        committed_apart(organization.id)
    true, said = happened(organization, NOW), told(rows)
    customers = {one.id: one.customer for one in made.book.all("subscription")}
    others = {name for name, customer in customers.items() if customer not in overtaken}
    assert {name: said.get(name, {}) for name in others} == {name: true.get(name, {}) for name in others}
    renewals = [one for one in rows if one.kind == RENEWAL and one.due_on <= LATER.date()]
    for one in renewals:
        assert one.due_at is not None
        assert one.subscription_id not in others or (
            one.subscription_id,
            int(one.due_at.timestamp()),
        ) in renewed(made)
    accounted_for(rows, true, overtaken)


def accounted_for(rows: list[DecidedChange], true: Moves, overtaken: dict[str, Overtaken]) -> None:
    """Fail unless each move happened, or its customer did something before, which has a name."""
    fate: Counter[str] = Counter()
    for one in rows:
        if one.kind not in MOVES or not one.amount_micro or not NOW < paid_at(one) <= LATER:
            continue
        if true.get(one.subscription_id, {}).get(paid_at(one).date()) == one.amount_micro:
            fate[one.kind] += 1
            continue
        deed = overtaken.get(one.customer_id)
        same_day = [
            each for each in rows if (each.subscription_id, each.due_on) == (one.subscription_id, one.due_on)
        ]
        assert deed is not None or len(same_day) > 1, one
        if deed is not None:
            # What moved is told by the day: a deed later on the same day is in its sum too.
            assert datetime.fromtimestamp(deed.at, UTC).date() <= paid_at(one).date(), (one, deed)
            fate[deed.deed] += 1
    assert len(fate.keys() & set(MOVES)) >= 4, fate
    assert sum(fate[kind] for kind in MOVES) > sum(fate.values()) // 2, fate
