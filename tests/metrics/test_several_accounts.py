"""Several Stripe accounts of one organization: a mirror each, and one view that never mixes the modes."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import disconnecting
from billing_sync.models import Connection
from billing_sync.sandbox import truth
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.keys import FULL_KEY, LIVE_KEY
from config.clock import set_now
from metrics import queries
from metrics.models import CurrentBuild
from tests.billing_sync.accounts import NOW, connected
from tests.cast import Person

FLOWS = ("starting", "new", "expansion", "reactivation", "contraction", "churn", "ending")
Serve = Callable[..., Any]
Months = dict[str, dict[str, int]]


@pytest.fixture
def companies(organization: Organization, sandbox: Serve) -> dict[str, Company]:
    """Connect two live accounts and a test account."""
    served = {name: sandbox(size=6, seed=seed) for name, seed in (("one", 1), ("two", 2), ("trial", 3))}
    with set_now(NOW):
        connected(organization, served["one"].base_url, LIVE_KEY)
        connected(organization, served["trial"].base_url, FULL_KEY)
        connected(organization, served["two"].base_url, LIVE_KEY)
    return {name: account.company for name, account in served.items()}


def known(companies: Iterable[Company]) -> Months:
    """Return what the companies know, added up by month."""
    sums: dict[str, Counter[str]] = {}
    for company in companies:
        for month, flows in truth.totals(company, "UTC", "day").get("usd", {}).items():
            sums.setdefault(month, Counter()).update(flows)
    return {month: {name: flows[name] for name in FLOWS} for month, flows in sums.items()}


def shown(organization: Organization) -> Months:
    with set_now(NOW), tenant(organization.id):
        months = queries.months(organization.id, "usd", last=40)
    return {
        f"{one.month:%Y-%m}": {name: getattr(one, f"{name}_micro") for name in FLOWS}
        for one in months
        if any(getattr(one, f"{name}_micro") for name in FLOWS)
    }


def leave(organization: Organization, company: Company, person: Person, *, keep: bool) -> None:
    with set_now(NOW):
        with tenant(organization.id):
            left = Connection.objects.get(account_id=company.account.id)
            disconnecting.disconnect(left, keep=keep, by=person.user)
        jobs.run_until_idle(organization.id)


def test_live_accounts_are_added_up_and_one_that_was_left_and_kept_still_counts(
    organization: Organization, companies: dict[str, Company], owner: Person
) -> None:
    assert shown(organization) == known([companies["one"], companies["two"]])
    leave(organization, companies["two"], owner, keep=True)
    assert shown(organization) == known([companies["one"], companies["two"]])
    assert_the_one_left_makes_no_number_old(organization, companies["one"])


def assert_the_one_left_makes_no_number_old(organization: Organization, followed_company: Company) -> None:
    with tenant(organization.id):
        Connection.objects.filter(state=Connection.State.DISCONNECTED).update(
            data_through=NOW.replace(year=2025)
        )
        followed = Connection.objects.get(account_id=followed_company.account.id)
    with set_now(NOW), tenant(organization.id):
        jobs.enqueue(organization.id, "recompute")
    with set_now(NOW):
        jobs.run_until_idle(organization.id)
    with tenant(organization.id):
        assert queries.freshness(organization.id).data_through == followed.data_through


def test_an_account_that_was_deleted_counts_no_longer(
    organization: Organization, companies: dict[str, Company], owner: Person
) -> None:
    leave(organization, companies["two"], owner, keep=False)
    assert shown(organization) == known([companies["one"]])
    leave(organization, companies["one"], owner, keep=False)
    assert shown(organization) == known([companies["trial"]])
    leave(organization, companies["trial"], owner, keep=False)
    assert shown(organization) == {}
    with tenant(organization.id):
        assert CurrentBuild.objects.get().connection_ids == []


def test_the_same_account_in_another_organization_counts_there_alone(
    organization: Organization, other_organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=6, seed=1)
    with set_now(NOW):
        for one in (organization, other_organization):
            connected(one, account.base_url, LIVE_KEY)
    expected = known([account.company])
    assert shown(organization) == shown(other_organization) == expected
