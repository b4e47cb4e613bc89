"""An archive of events beside the account that it tells of: every customer counts once."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import disconnecting
from billing_sync.archive import import_events
from billing_sync.models import Connection
from billing_sync.sandbox.control import archive
from billing_sync.sandbox.keys import FULL_KEY
from config.clock import set_now
from metrics import queries
from metrics.build.sources import sources
from tests.billing_sync.accounts import NOW, connected
from tests.cast import Person

Serve = Callable[..., Any]
Kind = Connection.Kind


def imported(organization: Organization, account: Any) -> None:
    with set_now(NOW):
        import_events(organization.id, archive(account.company))
        jobs.run_until_idle(organization.id)


def read(organization: Organization, account: Any) -> None:
    with set_now(NOW):
        connected(organization, account.base_url, FULL_KEY)


def summed(organization: Organization) -> list[str]:
    """Return the kinds of the connections that are summed."""
    with tenant(organization.id):
        ids = sources(organization.id).connection_ids
        found = Connection.objects.filter(organization_id=organization.id, id__in=ids)
        return sorted(found.values_list("kind", flat=True))


def mrr(organization: Organization) -> int:
    with set_now(NOW), tenant(organization.id):
        (month,) = queries.months(organization.id, "usd", last=1)
    return month.ending_micro


@pytest.mark.parametrize("first", [imported, read])
def test_an_account_and_its_archive_count_once_whichever_came_first(
    organization: Organization, other_organization: Organization, sandbox: Serve, first: Callable[..., None]
) -> None:
    account = sandbox(size=3, seed=1)
    read(other_organization, account)
    for step in (first, read if first is imported else imported):
        step(organization, account)
    assert summed(organization) == [Kind.RESTRICTED_KEY]
    assert mrr(organization) == mrr(other_organization) > 0


def test_an_archive_of_another_account_is_added_up(organization: Organization, sandbox: Serve) -> None:
    read(organization, sandbox(size=3, seed=1))
    alone = mrr(organization)
    imported(organization, sandbox(size=6, seed=2))
    assert summed(organization) == [Kind.ARCHIVE, Kind.RESTRICTED_KEY]
    assert mrr(organization) > alone


def test_an_archive_counts_again_once_its_account_is_deleted(
    organization: Organization, owner: Person, sandbox: Serve
) -> None:
    account = sandbox(size=3, seed=1)
    imported(organization, account)
    before = mrr(organization)
    read(organization, account)
    with set_now(NOW):
        with tenant(organization.id):
            left = Connection.objects.get(kind=Kind.RESTRICTED_KEY)
            disconnecting.disconnect(left, keep=False, by=owner.user)
        jobs.run_until_idle(organization.id)
    assert summed(organization) == [Kind.ARCHIVE]
    assert mrr(organization) == before > 0
