import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.connecting import KeyRefused, connect
from billing_sync.models import Connection, SyncCursor
from billing_sync.progress import progress
from billing_sync.sandbox.keys import EXPIRED_KEY, FULL_KEY, LIVE_KEY, key_without
from billing_sync.sandbox.special import empty_account
from billing_sync.syncing import SyncFailed, sync
from tests.billing_sync.accounts import NOW, altered, connected, connection_of

Serve = Callable[..., Any]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def base_url(sandbox: Serve) -> str:
    return str(sandbox(size=3).base_url)


def refusal(organization: Organization, key: str, base_url: str) -> str:
    connect(organization.id, api_key=key, api_base=base_url)
    with pytest.raises(SyncFailed) as failed:
        sync(organization.id)
    assert str(failed.value) == connection_of(organization).error
    return str(failed.value)


def test_a_key_that_stripe_does_not_know_is_refused(organization: Organization, base_url: str) -> None:
    assert "does not know this key" in refusal(organization, "rk_test_51ThisIsNoKey", base_url)
    assert connection_of(organization).state == Connection.State.REFUSED


def test_an_expired_key_is_refused_as_expired(organization: Organization, base_url: str) -> None:
    assert "has expired" in refusal(organization, EXPIRED_KEY, base_url)


@pytest.mark.parametrize(
    ("permission", "label"),
    [
        ("rak_subscription_read", "Subscriptions"),
        ("rak_invoice_read", "Invoices"),
        ("rak_plan_read", "Prices"),
        ("rak_accounts_kyc_basic_read", "Accounts"),
    ],
)
def test_a_key_without_a_required_permission_is_told_which_and_how(
    organization: Organization, base_url: str, permission: str, label: str
) -> None:
    words = refusal(organization, key_without(permission), base_url)
    assert f"lacks Stripe's permission {permission}" in words
    assert f"set “{label}” to Read" in words


def test_without_an_optional_permission_the_rest_is_read(organization: Organization, base_url: str) -> None:
    connected(organization, base_url, key_without("rak_dispute_read"))
    with tenant(organization.id):
        (shown,) = progress(organization.id)
    assert (shown.state, shown.failed) == (Connection.State.LIVE, False)
    without = {one.name: one for one in shown.resources if one.state == SyncCursor.State.UNAVAILABLE}
    assert without.keys() == {"disputes"}
    assert "rak_dispute_read" in without["disputes"].error
    assert without["disputes"].permission_state == "missing"


def test_a_permission_given_later_is_used_after_the_next_check(
    organization: Organization, base_url: str
) -> None:
    connected(organization, base_url, key_without("rak_dispute_read"))
    connected(organization, base_url, FULL_KEY)
    with tenant(organization.id):
        (shown,) = progress(organization.id)
    assert {one.state for one in shown.resources} == {SyncCursor.State.COMPLETE}


def test_without_events_the_lists_are_still_read(organization: Organization, base_url: str) -> None:
    connected(organization, base_url, key_without("rak_event_read"))
    assert connection_of(organization).state == Connection.State.LIVE


def test_an_address_where_nothing_answers_is_said_to_be_unreachable(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing_sync.syncing.PATIENCE_SECONDS", 0.1)
    connect(organization.id, api_key=FULL_KEY, api_base=NOWHERE)
    with pytest.raises(SyncFailed, match="cannot be reached"):
        sync(organization.id)
    assert connection_of(organization).state == Connection.State.CHECKING


def test_an_address_that_is_not_stripes_is_said_to_be_so(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing_sync.syncing.PATIENCE_SECONDS", 0.1)
    with altered(empty_account(NOW), {"/v1/account": (200, b"<html>Welcome</html>")}) as (base_url, _asked):
        connect(organization.id, api_key=FULL_KEY, api_base=base_url)
        with pytest.raises(SyncFailed, match="not one of Stripe's API"):
            sync(organization.id)


def test_a_key_of_the_same_account_and_mode_continues_its_connection(
    organization: Organization, base_url: str
) -> None:
    connected(organization, base_url)
    before = connection_of(organization)
    connected(organization, base_url, "sk_test_51SandboxSecret")
    after = connection_of(organization)
    assert (after.id, after.imported_at) == (before.id, before.imported_at)
    assert after.key_hint != before.key_hint


def replace(organization: Organization, key: str) -> Connection:
    """Paste a key for the organization's one connection, and return the attempt, if it was refused."""
    present = connection_of(organization)
    connect(organization.id, api_key=key, replaces=present.id)
    jobs.run_until_idle(organization.id)
    with tenant(organization.id):
        return Connection.objects.exclude(id=present.id).get()


def test_a_key_for_a_connection_that_opens_another_account_is_refused_naming_both(
    organization: Organization, base_url: str, sandbox: Serve
) -> None:
    connected(organization, base_url)
    present = connection_of(organization)
    with tenant(organization.id):
        Connection.objects.update(api_base=sandbox(size=1, seed=8).base_url)
    attempt = replace(organization, FULL_KEY)
    assert attempt.state == Connection.State.REFUSED
    assert present.account_id in attempt.error
    assert "acct_" in attempt.error.replace(present.account_id, "")
    with tenant(organization.id):
        kept = Connection.objects.get(id=present.id)
    assert (kept.state, kept.key_hint, kept.error) == (present.state, present.key_hint, "")


def test_a_key_for_a_connection_of_its_account_continues_it(
    organization: Organization, base_url: str
) -> None:
    connected(organization, base_url)
    present = connection_of(organization)
    with pytest.raises(Connection.DoesNotExist):
        replace(organization, "sk_test_51SandboxSecret")
    kept = connection_of(organization)
    assert (kept.id, kept.state) == (present.id, Connection.State.LIVE)
    assert kept.key_hint != present.key_hint


@pytest.mark.parametrize(("key", "other"), [(FULL_KEY, LIVE_KEY), (LIVE_KEY, FULL_KEY)])
def test_a_key_for_a_connection_must_be_of_its_mode(
    organization: Organization, base_url: str, key: str, other: str
) -> None:
    connected(organization, base_url, key)
    with pytest.raises(KeyRefused, match="and the connection reads"):
        connect(organization.id, api_key=other, replaces=connection_of(organization).id)


def test_the_other_mode_of_an_account_is_another_connection(
    organization: Organization, base_url: str
) -> None:
    connected(organization, base_url)
    connected(organization, base_url, LIVE_KEY)
    with tenant(organization.id):
        found = Connection.objects.values_list("account_id", "livemode")
        assert len({account for account, _mode in found}) == 1
        assert {mode for _account, mode in found} == {False, True}


def test_a_key_withdrawn_after_the_import_stops_the_connection(
    organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=3)
    connected(organization, account.base_url)
    unknown = 401, b'{"error": {"message": "Invalid API Key provided"}}'
    with altered(account.company, {"/v1/events": unknown}) as (url, _asked):
        with tenant(organization.id):
            Connection.objects.update(api_base=url)
        with pytest.raises(SyncFailed, match="does not know this key"):
            sync(organization.id)
    assert connection_of(organization).state == Connection.State.REVOKED


def test_a_key_reaches_no_log_and_no_message(
    organization: Organization, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as structured:
        refusal(organization, "rk_test_51ThisIsNoKey", base_url)
        refusal(organization, EXPIRED_KEY, base_url)
        connected(organization, base_url)
    with tenant(organization.id):
        stored = repr(list(Connection.objects.values("error", "permissions", "key_hint")))
        stored += repr(list(SyncCursor.objects.values("error")))
    said = caplog.text + repr(structured) + stored
    for key in ("51ThisIsNoKey", EXPIRED_KEY, FULL_KEY):
        assert key not in said
