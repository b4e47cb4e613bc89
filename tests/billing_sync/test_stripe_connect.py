from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import access, disconnecting
from billing_sync.connecting import connect, connect_by_code
from billing_sync.models import Connection
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.keys import FULL_KEY, LIVE_PLATFORM_KEY
from config.clock import set_now
from tests.billing_sync.accounts import NOW, connected, connection_of, facts
from tests.billing_sync.connect import registered, settings_for, tell
from tests.cast import Person

State, Kind = Connection.State, Connection.Kind
Serve = Callable[..., Any]


@pytest.fixture
def stripe() -> Iterator[tuple[Sandbox, str]]:
    with set_now(NOW), registered() as served:
        yield served


def by_code(
    organization: Organization, sandbox: Sandbox, person: Person, replaces: Connection | None = None
) -> None:
    """Connect the sandbox's account as its owner's answer does, and work on what follows."""
    code = sandbox.connection.authorize("read_only", sandbox.company.now)
    replaced = replaces.id if replaces else None
    connect_by_code(organization.id, uuid4(), code=code, replaces=replaced, by=person.user)
    jobs.run_until_idle(organization.id)


def poll(organization: Organization) -> None:
    with tenant(organization.id):
        jobs.enqueue(organization.id, "poll_events", str(connection_of(organization).id))
    jobs.run_until_idle(organization.id)


def test_a_code_of_no_use_is_refused_and_forgotten(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    connect_by_code(organization.id, uuid4(), code="ac_SandboxNever", replaces=None, by=owner.user)
    jobs.run_until_idle(organization.id)
    attempt = connection_of(organization)
    assert (attempt.state, bytes(attempt.code_encrypted)) == (State.REFUSED, b"")
    assert "Connect with Stripe again" in attempt.error


def test_a_platform_key_of_no_use_is_the_operators_to_mend(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    sandbox, base_url = stripe
    with settings_for(base_url, "sk_test_51NotThePlatforms"):
        by_code(organization, sandbox, owner)
    waiting = connection_of(organization)
    assert waiting.state == State.CHECKING
    assert "STRIPE_PLATFORM_KEY" in waiting.error


def test_the_mode_is_the_platform_keys(organization: Organization, owner: Person) -> None:
    with set_now(NOW), registered(platform_key=LIVE_PLATFORM_KEY) as (sandbox, _base_url):
        by_code(organization, sandbox, owner)
    assert connection_of(organization).livemode is True


def test_a_key_goes_on_with_the_connection_that_a_code_made(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    sandbox, base_url = stripe
    by_code(organization, sandbox, owner)
    first, stored = connection_of(organization), facts(organization, without={"billing_sync_connection"})
    connect(organization.id, api_key=FULL_KEY, api_base=base_url)
    jobs.run_until_idle(organization.id)
    second = connection_of(organization)
    assert (second.id, second.kind, second.state) == (first.id, Kind.RESTRICTED_KEY, State.LIVE)
    assert bytes(second.refresh_token_encrypted) == b""
    by_code(organization, sandbox, owner)
    third = connection_of(organization)
    assert (third.id, third.kind, third.state) == (first.id, Kind.OAUTH, State.LIVE)
    assert access.stripe_of(third).retrieve("/v1/account")["id"] == first.account_id
    assert facts(organization, without={"billing_sync_connection"}).keys() == stored.keys()


def test_another_account_than_the_one_to_connect_again_is_refused_naming_both(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str], sandbox: Serve
) -> None:
    connected(organization, sandbox(size=1, seed=8).base_url)
    present = connection_of(organization)
    with tenant(organization.id):
        Connection.objects.update(api_base=stripe[1])
    by_code(organization, stripe[0], owner, replaces=present)
    with tenant(organization.id):
        attempt = Connection.objects.exclude(id=present.id).get()
    assert attempt.state == State.REFUSED
    assert present.account_id in attempt.error
    assert stripe[0].company.account.id in attempt.error


def test_a_token_is_renewed_before_it_ends(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    by_code(organization, stripe[0], owner)
    with tenant(organization.id):
        Connection.objects.update(key_expires_at=NOW + timedelta(minutes=4))
    before = connection_of(organization)
    poll(organization)
    after = connection_of(organization)
    assert access.open_key(after) != access.open_key(before)
    assert after.state == State.LIVE
    with tenant(organization.id):
        Connection.objects.update(key_expires_at=NOW + timedelta(minutes=4))
    poll(organization)
    assert access.open_key(connection_of(organization)) != access.open_key(after)


def test_a_token_that_ended_is_renewed_and_the_account_followed_on(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    by_code(organization, stripe[0], owner)
    before = connection_of(organization)
    tell(stripe[1], expire=True)
    poll(organization)
    after = connection_of(organization)
    assert after.state == State.LIVE
    assert access.open_key(after) != access.open_key(before)
    poll(organization)
    assert connection_of(organization).state == State.LIVE


def test_ten_that_find_a_token_ended_renew_it_once(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    by_code(organization, stripe[0], owner)
    tell(stripe[1], expire=True)
    stale = [connection_of(organization) for _ in range(10)]

    def renew(connection: Connection) -> tuple[bool, str]:
        try:
            return access.renewed(connection), access.open_key(connection)
        finally:
            database.close()

    with ThreadPoolExecutor(10) as threads:
        found = set(threads.map(renew, stale))
    assert found == {(True, access.open_key(connection_of(organization)))}


def test_access_given_up_in_stripe_stops_the_connection(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str]
) -> None:
    by_code(organization, stripe[0], owner)
    tell(stripe[1], deauthorize=True)
    poll(organization)
    stopped = connection_of(organization)
    assert stopped.state == State.REVOKED
    assert "Connect with Stripe again" in stopped.error


@pytest.mark.parametrize("keep", [True, False])
def test_leaving_gives_the_access_up(
    organization: Organization, owner: Person, stripe: tuple[Sandbox, str], keep: bool
) -> None:
    by_code(organization, stripe[0], owner)
    with tenant(organization.id):
        disconnecting.disconnect(connection_of(organization), keep=keep, by=owner.user)
    jobs.run_until_idle(organization.id)
    assert stripe[0].connection.granted is False


def test_access_that_another_organization_uses_is_not_given_up(
    organization: Organization,
    other_organization: Organization,
    owner: Person,
    other_owner: Person,
    stripe: tuple[Sandbox, str],
) -> None:
    by_code(organization, stripe[0], owner)
    by_code(other_organization, stripe[0], other_owner)
    with tenant(organization.id):
        disconnecting.disconnect(connection_of(organization), keep=True, by=owner.user)
    jobs.run_until_idle(organization.id)
    assert stripe[0].connection.granted is True
    poll(other_organization)
    assert connection_of(other_organization).state == State.LIVE
