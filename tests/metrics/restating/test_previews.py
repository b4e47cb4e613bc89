"""A preview shows what applying makes, and applying is undone by changing back."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from metrics import definitions
from metrics.build.recompute import catch_up
from metrics.build.write import Build
from metrics.core.definition import Definition
from metrics.flows import FLOWS
from metrics.models import CurrentBuild, Segment
from metrics.queries import current
from metrics.restating import previews
from metrics.restating.figures import flows_in
from metrics.restating.models import Preview, PreviewedChange, Restatement
from metrics.settings import CHOICES, settings
from tests.cast import Person
from tests.dashboards.revenue import computed
from tests.metrics.seeding import Mirror, facts

PROPOSALS: list[dict[str, Any]] = [
    {"discounts": "none"},
    {"discounts": "all", "past_due_grace_days": 5},
    {"churn_at": "cancellation_request", "paused_counts": True},
    {"require_first_payment": False, "refunds_netted_out": False, "usage": "trailing_3_invoices"},
    {"time_zone": "Pacific/Auckland", "movement_window": "month"},
    {"movement_window": "event", "discounts": "forever"},
]
DEFAULTS = {
    "discounts": "forever_and_repeating",
    "past_due_grace_days": None,
    "churn_at": "end_of_paid_term",
    "paused_counts": False,
    "require_first_payment": True,
    "refunds_netted_out": True,
    "usage": "exclude",
    "time_zone": "UTC",
    "movement_window": "day",
}
Amounts = dict[tuple[str, str], int]


def nonzero(flows: dict[str, dict[Any, Any]]) -> dict[tuple[str, str], list[int]]:
    """Return months' flows by currency and month, whether stored or computed, without empty ones."""
    rows = {
        (currency, str(month)): list(row.values()) if isinstance(row, dict) else row
        for currency, months in flows.items()
        for month, row in months.items()
    }
    return {key: row for key, row in rows.items() if any(row)}


def months(organization_id: UUID) -> dict[tuple[str, str], list[int]]:
    pointer = CurrentBuild.objects.get()
    return nonzero(flows_in(Build(organization_id, pointer.definition_version, pointer.build)))


def amounts(organization_id: UUID) -> Amounts:
    """Return each subscription's present MRR by currency, from the stored segments."""
    at = CurrentBuild.objects.get().computed_at
    found: Amounts = {}
    for row in current(Segment.objects.filter(from_at__lte=at), organization_id):
        if row.to_at is None or row.to_at > at:
            key = row.subscription_id, row.currency
            found[key] = found.get(key, 0) + row.mrr_micro
    return found


def result(preview: Preview) -> dict[str, Any]:
    assert preview.result is not None
    return dict(preview.result)


def listed(preview: Preview) -> dict[tuple[str, str], tuple[int, int]]:
    rows = PreviewedChange.objects.filter(preview_id=preview.id)
    return {(row.subscription_id, row.currency): (row.before_micro, row.after_micro) for row in rows}


def test_every_setting_and_every_choice_is_tried_and_taken_back() -> None:
    tried = {(name, value) for proposal in PROPOSALS for name, value in proposal.items()}
    assert {name for name, _ in tried} == set(DEFAULTS) == set(settings(Definition())) - {"version"}
    assert {name: getattr(Definition(), name) for name in DEFAULTS} == DEFAULTS
    choices = {(name, value) for name, allowed in CHOICES.items() for value in allowed if name in DEFAULTS}
    assert choices <= tried | set(DEFAULTS.items())


def test_a_preview_is_what_applying_makes_and_changing_back_restores_all(
    organization: Organization, owner: Person, business: Mirror
) -> None:
    before, changed = numbers(organization), 0
    for proposal in PROPOSALS:
        with tenant(organization.id):
            preview = previews.propose(organization.id, proposal, by=owner.user)
            was = months(organization.id), amounts(organization.id)
            assert preview.state == previews.DONE
            previews.apply(preview, by=owner.user)
        catch_up(organization.id)
        with tenant(organization.id):
            now = months(organization.id), amounts(organization.id)
            assert nonzero(result(preview)["before"]) == was[0]
            assert nonzero(result(preview)["after"]) == now[0]
            keys = was[1].keys() | now[1].keys()
            apart = {key: (was[1].get(key, 0), now[1].get(key, 0)) for key in keys}
            apart = {key: pair for key, pair in apart.items() if pair[0] != pair[1]}
            found = listed(preview)
            assert {key: pair for key, pair in found.items() if pair[0] != pair[1]} == apart
            changed += len(found)
            counts = result(preview)["counts"].values()
            assert sum(each["net_micro"] for each in counts) == sum(b - a for a, b in apart.values())
            back = {name: DEFAULTS[name] for name in proposal}
            definitions.set_definition(organization.id, back, by=owner.user)
        catch_up(organization.id)
        assert numbers(organization) == before, proposal
    assert changed > 10


def numbers(organization: Organization) -> dict[str, str]:
    """Return the digest of every computed table."""
    return {name: text for name, text in facts(organization.id).items() if name != "metrics_definition"}


def test_applying_writes_one_restatement_with_who_what_and_every_month(
    organization: Organization, owner: Person, business: Mirror
) -> None:
    with tenant(organization.id):
        preview = previews.propose(organization.id, {"discounts": "none"}, by=owner.user)
        previews.apply(preview, by=owner.user)
        assert not Restatement.objects.exists()
    catch_up(organization.id)
    catch_up(organization.id)
    with tenant(organization.id):
        entry = Restatement.objects.get()
        assert (entry.cause, entry.by, entry.definition_version) == ("definition", owner.user, 2)
        assert entry.detail["settings"] == {"discounts": ["forever_and_repeating", "none"]}
        assert (entry.detail["version_before"], entry.detail["version_after"]) == (1, 2)
        at = FLOWS.index("new_micro")
        old, new = (nonzero(result(preview)[side]) for side in ("before", "after"))
        expected = {
            (currency, month): (old.get((currency, month), [0])[at], new.get((currency, month), [0])[at])
            for currency, month in old.keys() | new.keys()
        }
        told = {
            (one["currency"], one["month"]): (one["before"], one["after"])
            for one in entry.changes
            if one["figure"] == "new_micro"
        }
        assert told == {key: pair for key, pair in expected.items() if pair[0] != pair[1]}
        assert {date.fromisoformat(one["month"]) for one in entry.changes} == set(entry.months)


def test_a_preview_is_stale_once_rules_or_build_moved_on(organization: Organization, owner: Person) -> None:
    computed(organization)
    with tenant(organization.id):
        preview = previews.propose(organization.id, {"discounts": "none"}, by=owner.user)
        assert not previews.is_stale(preview)
        CurrentBuild.objects.update(build=99)
        assert previews.is_stale(preview)
        CurrentBuild.objects.update(build=1)
        definitions.set_definition(organization.id, {"churn_at": "cancellation_request"}, by=owner.user)
        assert previews.is_stale(preview)


def test_only_the_newest_previews_are_kept(organization: Organization, owner: Person) -> None:
    computed(organization)
    with tenant(organization.id):
        for days in range(1, previews.KEPT + 3):
            previews.propose(organization.id, {"past_due_grace_days": days}, by=owner.user)
        kept = set(Preview.objects.values_list("id", flat=True))
        assert len(kept) == previews.KEPT
        assert set(PreviewedChange.objects.values_list("preview_id", flat=True)) <= kept


def test_what_changes_nothing_is_not_previewed(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        with pytest.raises(previews.NothingToPreviewError, match="no numbers yet"):
            previews.propose(organization.id, {"discounts": "none"}, by=owner.user)
        computed(organization)
    with tenant(organization.id), pytest.raises(previews.NothingToPreviewError, match="Nothing differs"):
        previews.propose(organization.id, {"discounts": "forever_and_repeating"}, by=owner.user)


def test_many_payers_are_left_to_a_job_that_tells_how_far_it_is(
    organization: Organization, owner: Person, business: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    with tenant(organization.id):
        waiting = previews.propose(organization.id, {"discounts": "none"}, by=owner.user)
        assert (waiting.state, waiting.customers_done) == (previews.WAITING, 0)
        assert waiting.customers > 0
    previews.compute_or_fail(organization.id, waiting.id)
    with tenant(organization.id):
        waiting.refresh_from_db()
        assert (waiting.state, waiting.customers_done) == (previews.DONE, waiting.customers)
