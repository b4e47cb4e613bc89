from collections.abc import Iterator

import pytest
from django.test import override_settings

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.connecting import connect
from billing_sync.models import Connection, WebhookEndpoint
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY, WEBHOOK_KEY
from billing_sync.sandbox.server import serving
from billing_sync.webhooks import endpoints, receiving
from billing_sync.webhooks.event_types import EVENT_TYPES
from billing_sync.webhooks.secrets import CURRENT, PREVIOUS, unseal
from billing_sync.webhooks.standing import standings
from config.public import is_public
from tests.billing_sync.accounts import NOW, altered, connected, connection_of
from tests.billing_sync.test_events import poll
from tests.billing_sync.webhooks.arranging import endpoint, routes

State = WebhookEndpoint.State
PUBLIC = "https://numbers.example.com"


@pytest.fixture
def sandbox_api() -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(generate(seed=7, size=1, now=NOW))
    with serving(sandbox) as base_url, override_settings(BASE_URL=PUBLIC, WEBHOOKS=True):
        yield sandbox, base_url


@pytest.fixture
def listening(organization: Organization, sandbox_api: tuple[Sandbox, str]) -> Sandbox:
    """Connect with a key that may write webhooks, and let the poll ask for an endpoint."""
    sandbox, base_url = sandbox_api
    # A test before may have looked less than a second ago.
    receiving.routes.forget()
    connected(organization, base_url, WEBHOOK_KEY)
    poll(organization)
    work(organization)
    return sandbox


def work(organization: Organization) -> None:
    """Let the job of the endpoint run."""
    jobs.run(jobs.job_id(organization.id, "webhook_endpoint", str(connection_of(organization).id)))


def asked(organization: Organization, state: State) -> WebhookEndpoint:
    """Ask for a state, let the job run, and return the endpoint."""
    with tenant(organization.id):
        endpoints.ask(connection_of(organization), state)
    work(organization)
    return endpoint(connection_of(organization))


def test_a_connection_that_goes_live_gets_an_endpoint_where_the_key_may(
    organization: Organization, listening: Sandbox
) -> None:
    connection = connection_of(organization)
    (at_stripe,) = listening.webhooks
    ours = endpoint(connection)
    assert at_stripe.url == f"{PUBLIC}/webhooks/stripe/{connection.id}/"
    assert (at_stripe.api_version, set(at_stripe.enabled_events)) == ("2026-10-28.endive", set(EVENT_TYPES))
    assert (ours.state, ours.made_by, ours.stripe_id) == (State.READY, "api", at_stripe.id)
    assert unseal(ours, CURRENT) in at_stripe.secrets
    assert receiving.routes.organization_of(connection.id) == organization.id


def test_no_endpoint_is_made_where_stripe_cannot_reach_us(
    organization: Organization, sandbox_api: tuple[Sandbox, str]
) -> None:
    sandbox, base_url = sandbox_api
    with override_settings(WEBHOOKS=False):
        connected(organization, base_url, WEBHOOK_KEY)
        poll(organization)
    with tenant(organization.id):
        assert endpoints.endpoint_of(connection_of(organization)) is None
    assert list(sandbox.webhooks) == []


def test_a_key_that_may_not_leaves_it_to_the_hand(
    organization: Organization, sandbox_api: tuple[Sandbox, str]
) -> None:
    connected(organization, sandbox_api[1], FULL_KEY)
    poll(organization)
    work(organization)
    ours = endpoint(connection_of(organization))
    assert ours.state == State.REFUSED
    assert "rak_webhook" in ours.error
    poll(organization)
    assert endpoint(connection_of(organization)).state == State.REFUSED


def test_another_secret_comes_with_another_endpoint_and_the_old_one_stays_valid(
    organization: Organization, listening: Sandbox
) -> None:
    before = endpoint(connection_of(organization))
    after = asked(organization, State.ROTATING)
    assert [one.id for one in listening.webhooks] == [after.stripe_id] != [before.stripe_id]
    assert unseal(after, PREVIOUS) == unseal(before, CURRENT) != unseal(after, CURRENT)
    assert after.previous_until is not None


def test_an_endpoint_that_a_stopped_job_left_behind_is_replaced(
    organization: Organization, listening: Sandbox
) -> None:
    with tenant(organization.id):
        WebhookEndpoint.objects.update(state=State.CREATING, stripe_id="", secret_encrypted=b"")
    poll(organization)
    work(organization)
    ours = endpoint(connection_of(organization))
    assert [one.id for one in listening.webhooks] == [ours.stripe_id]
    assert ours.state == State.READY


def test_a_removed_endpoint_is_gone_at_stripe_and_stays_away(
    organization: Organization, listening: Sandbox
) -> None:
    gone = asked(organization, State.REMOVING)
    assert (gone.state, bytes(gone.secret_encrypted), gone.error, routes()) == (State.REMOVED, b"", "", 0)
    assert list(listening.webhooks) == []
    poll(organization)
    work(organization)
    assert endpoint(connection_of(organization)).state == State.REMOVED


def test_one_made_by_hand_must_be_deleted_by_hand(
    organization: Organization, sandbox_api: tuple[Sandbox, str]
) -> None:
    connected(organization, sandbox_api[1], FULL_KEY)
    with tenant(organization.id):
        endpoints.accept(connection_of(organization), " whsec_byhand1234567890\n")
    assert endpoint(connection_of(organization)).made_by == "hand"
    gone = asked(organization, State.REMOVING)
    assert (gone.state, gone.error) == (State.REMOVED, "Delete the endpoint in Stripe as well.")


def test_an_endpoint_follows_base_url_and_keeps_its_secret(
    organization: Organization, listening: Sandbox
) -> None:
    before = endpoint(connection_of(organization))
    with override_settings(BASE_URL="https://elsewhere.example.com"):
        poll(organization)
        work(organization)
    after = endpoint(connection_of(organization))
    (at_stripe,) = listening.webhooks
    assert (at_stripe.id, at_stripe.url) == (before.stripe_id, after.url)
    assert after.url == f"https://elsewhere.example.com/webhooks/stripe/{after.connection_id}/"
    assert (after.state, unseal(after, CURRENT)) == (State.READY, unseal(before, CURRENT))


def test_an_endpoint_to_be_moved_that_is_gone_is_made_anew(
    organization: Organization, listening: Sandbox
) -> None:
    before = endpoint(connection_of(organization))
    listening.webhooks.remove(before.stripe_id)
    with override_settings(BASE_URL="https://elsewhere.example.com"):
        poll(organization)
        work(organization)
    assert [one.url for one in listening.webhooks] == [endpoint(connection_of(organization)).url]


def test_an_endpoint_that_the_key_may_not_move_is_left_to_the_hand(
    organization: Organization, listening: Sandbox, sandbox_api: tuple[Sandbox, str]
) -> None:
    connect(organization.id, api_key=FULL_KEY, api_base=sandbox_api[1])
    jobs.run_until_idle(organization.id)
    with override_settings(BASE_URL="https://elsewhere.example.com"):
        for _ in range(2):
            poll(organization)
            work(organization)
        ours = endpoint(connection_of(organization))
        with tenant(organization.id):
            (shown,) = standings(organization.id).values()
    assert (ours.state, shown.listens, shown.moved_from) == (State.READY, True, ours.url)
    assert "rak_webhook" in ours.error
    assert [one.url for one in listening.webhooks] == [ours.url]
    removed = asked(organization, State.REMOVING)
    assert removed.error == "Delete the endpoint in Stripe as well."


def test_trouble_at_stripe_is_shown_and_waited_for(organization: Organization, listening: Sandbox) -> None:
    listening.misbehave(Faults(error=1000))
    waiting = asked(organization, State.ROTATING)
    assert waiting.state == State.ROTATING
    assert "500" in waiting.error
    listening.misbehave(Faults())
    assert unseal(asked(organization, State.ROTATING), PREVIOUS)


def test_a_refusal_of_stripe_s_keeps_what_works(organization: Organization, listening: Sandbox) -> None:
    refusal = {"/v1/webhook_endpoints": (400, b'{"error": {"message": "You have reached the maximum."}}')}
    with altered(listening.company, refusal) as (base_url, _asked):
        with tenant(organization.id):
            Connection.objects.update(api_base=base_url)
        kept = asked(organization, State.ROTATING)
    assert kept.state == State.READY
    assert "You have reached the maximum." in kept.error
    assert unseal(kept, CURRENT)


def test_leaving_an_account_takes_its_endpoint_along(organization: Organization, listening: Sandbox) -> None:
    endpoints.leave(connection_of(organization))
    assert list(listening.webhooks) == []
    with tenant(organization.id):
        assert endpoints.endpoint_of(connection_of(organization)) is None
    assert routes() == 0


@pytest.mark.parametrize("pasted", ["", "rk_test_1", "whsec_", "whsec_short", "whsec_" + "a" * 300])
def test_what_is_no_secret_is_refused(organization: Organization, pasted: str) -> None:
    connection = Connection(organization_id=organization.id, kind="restricted_key")
    with pytest.raises(endpoints.SecretRefused):
        endpoints.accept(connection, pasted)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://numbers.example.com", True),
        ("https://203.0.113.9.nip.io:8443", True),
        ("https://8.8.8.8", True),
        ("http://numbers.example.com", False),
        ("https://localhost", False),
        ("https://millrace", False),
        ("https://box.local", False),
        ("https://192.168.1.4", False),
        ("https://[::1]:8000", False),
    ],
)
def test_a_public_address_is_https_and_no_local_name(url: str, public: bool) -> None:
    assert is_public(url) is public
