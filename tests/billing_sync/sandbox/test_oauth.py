"""A platform is granted access to the account, refreshes it, and loses it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import stripe
from stripe import oauth_error

from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY, LIVE_PLATFORM_KEY, PLATFORM_KEY, WEBHOOK_KEY
from billing_sync.sandbox.oauth import CLIENT_ID
from billing_sync.sandbox.server import serving
from tests.billing_sync.sandbox.asking import bare, control, told_to
from tests.billing_sync.sandbox.conftest import NOW, client_of
from tests.billing_sync.sandbox.receiving import receiving, until
from tests.billing_sync.sandbox.shapes import errors

BACK = "https://app.example.com/stripe/back?next=1"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(generate(11, 12, NOW))


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    with serving(sandbox) as base_url:
        yield base_url


@pytest.fixture
def platform(address: str) -> stripe.StripeClient:
    return platform_of(address)


def platform_of(address: str, key: str = PLATFORM_KEY) -> stripe.StripeClient:
    bases: Any = {"api": address, "connect": address}
    return stripe.StripeClient(key, base_addresses=bases, client_id=CLIENT_ID)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirection."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def sent_back(url: str) -> dict[str, str]:
    """Open the authorization page, and return what it sends back to the platform."""
    with pytest.raises(urllib.error.HTTPError) as redirected:
        urllib.request.build_opener(Stay).open(url, timeout=5)
    with redirected.value as answer:
        assert answer.code == 302
        target = urlsplit(str(answer.headers["Location"]))
    assert target.geturl().startswith(BACK)
    return {name: value[0] for name, value in parse_qs(target.query).items()}


def asked(platform: stripe.StripeClient, **params: Any) -> dict[str, str]:
    wanted: Any = {"scope": "read_only", "redirect_uri": BACK, **params}
    return sent_back(platform.oauth.authorize_url(wanted))


def granted(platform: stripe.StripeClient) -> Any:
    code = asked(platform)["code"]
    return platform.oauth.token({"grant_type": "authorization_code", "code": code})


def refreshed(platform: stripe.StripeClient, token: str) -> Any:
    return platform.oauth.token({"grant_type": "refresh_token", "refresh_token": token})


def test_the_owner_is_sent_back_with_a_code_and_the_state(platform: stripe.StripeClient) -> None:
    told = asked(platform, state="opaque & odd")
    assert told["code"].startswith("ac_")
    assert (told["state"], told["scope"], told["next"]) == ("opaque & odd", "read_only", "1")


def test_a_refusal_of_the_owner_is_sent_back(address: str, platform: stripe.StripeClient) -> None:
    control(address, "oauth", {"deny": True})
    told = asked(platform, state="kept")
    assert (told["error"], told["state"]) == ("access_denied", "kept")
    assert "code" not in told
    control(address, "oauth", {"deny": False})
    assert "code" in asked(platform)


def test_an_unknown_scope_is_sent_back_as_an_error(platform: stripe.StripeClient) -> None:
    assert asked(platform, scope="everything")["error"] == "invalid_scope"
    assert asked(platform, response_type="token")["error"] == "unsupported_response_type"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"client_id": "ca_nobody", "redirect_uri": BACK}, "No such application: 'ca_nobody'"),
        ({"client_id": CLIENT_ID}, "Give the redirect_uri"),
    ],
)
def test_a_page_that_cannot_send_back_says_why(address: str, params: dict[str, str], error: str) -> None:
    answer = bare(address, f"/oauth/authorize?{urlencode(params)}")
    assert answer.status == 400
    assert error in answer.body.decode()


def test_a_code_becomes_a_key_of_the_account(
    sandbox: Sandbox, address: str, platform: stripe.StripeClient
) -> None:
    found = granted(platform)
    account = sandbox.company.account.id
    assert (found.stripe_user_id, found.scope, found.livemode) == (account, "read_only", False)
    assert found.token_type == "bearer"
    client = client_of(address, found.access_token)
    assert client.v1.accounts.retrieve_current().id == account
    assert client.v1.customers.list().data[0].livemode is False
    with pytest.raises(stripe.PermissionError, match="rak_webhook_write"):
        client.v1.webhook_endpoints.create({"url": BACK, "enabled_events": ["*"]})


def test_a_live_platform_gets_a_live_key(address: str) -> None:
    found = granted(platform_of(address, LIVE_PLATFORM_KEY))
    assert found.livemode is True
    assert client_of(address, found.access_token).v1.customers.list().data[0].livemode is True


def test_a_code_used_twice_costs_the_access_it_gave(address: str, platform: stripe.StripeClient) -> None:
    code = asked(platform)["code"]
    found: Any = platform.oauth.token({"grant_type": "authorization_code", "code": code})
    with pytest.raises(oauth_error.InvalidGrantError, match="used before"):
        platform.oauth.token({"grant_type": "authorization_code", "code": code})
    assert bare(address, key=found.access_token).error["code"] == "platform_api_key_expired"
    with pytest.raises(oauth_error.InvalidGrantError):
        refreshed(platform, found.refresh_token)


def test_an_old_code_is_refused(sandbox: Sandbox, platform: stripe.StripeClient) -> None:
    code = asked(platform)["code"]
    sandbox.advance(sandbox.company.now + 300)
    with pytest.raises(oauth_error.InvalidGrantError, match="expired"):
        platform.oauth.token({"grant_type": "authorization_code", "code": code})


def test_an_expired_token_is_refreshed_once(sandbox: Sandbox, address: str) -> None:
    sandbox.misbehave(Faults(token_seconds=3_600))
    platform = platform_of(address)
    first = granted(platform)
    assert bare(address, key=first.access_token).status == 200
    sandbox.advance(sandbox.company.now + 3_600)
    assert bare(address, key=first.access_token).error["code"] == "api_key_expired"
    second = refreshed(platform, first.refresh_token)
    assert bare(address, key=second.access_token).status == 200
    assert second.refresh_token != first.refresh_token
    with pytest.raises(oauth_error.InvalidGrantError, match="used before"):
        refreshed(platform, first.refresh_token)


def test_tokens_expire_on_demand(address: str, platform: stripe.StripeClient) -> None:
    found = granted(platform)
    control(address, "oauth", {"expire": True})
    assert bare(address, key=found.access_token).status == 401
    assert bare(address, key=refreshed(platform, found.refresh_token).access_token).status == 200


def test_a_platform_gives_its_access_up(
    sandbox: Sandbox, address: str, platform: stripe.StripeClient
) -> None:
    found = granted(platform)
    assert platform.oauth.deauthorize({"stripe_user_id": found.stripe_user_id}).stripe_user_id
    assert bare(address, key=found.access_token).error["code"] == "platform_api_key_expired"
    with pytest.raises(oauth_error.InvalidGrantError):
        refreshed(platform, found.refresh_token)
    with pytest.raises(oauth_error.InvalidClientError, match="not connected"):
        platform.oauth.deauthorize({"stripe_user_id": found.stripe_user_id})
    assert bare(address, key=granted(platform).access_token).status == 200


def test_a_platform_hears_of_its_accounts_until_they_leave(
    sandbox: Sandbox, address: str, platform: stripe.StripeClient
) -> None:
    with receiving() as receiver:
        made = platform.v1.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["*"], "connect": True}
        )
        granted(platform)
        control(address, "oauth", {"deauthorize": True})
        receiver.wait_for(2)
        sandbox.advance(sandbox.company.now + 30 * 86_400)
        sandbox.courier.collect()
        until(lambda: sandbox.courier.waiting() == 0)
        assert len(receiver.got) == 2
    found = [platform.construct_event(*one, str(made.secret)) for one in receiver.got]
    assert {event.type for event in found} == {
        "account.application.authorized",
        "account.application.deauthorized",
    }
    assert {event.account for event in found} == {sandbox.company.account.id}
    assert [errors(event.to_dict(for_json=True)) for event in found] == [[], []]


def test_a_platform_reads_an_account_by_naming_it(sandbox: Sandbox, platform: stripe.StripeClient) -> None:
    named: Any = {"stripe_account": sandbox.company.account.id}
    with pytest.raises(stripe.PermissionError, match="Application access may have been revoked"):
        platform.v1.customers.list({}, named)
    granted(platform)
    assert platform.v1.customers.list({}, named).data
    with pytest.raises(stripe.PermissionError, match="name an account in Stripe-Account"):
        platform.v1.customers.list()


def test_only_a_platform_has_endpoints_for_connected_accounts(address: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="connect=true is for platforms"):
        client_of(address, WEBHOOK_KEY).v1.webhook_endpoints.create(
            {"url": BACK, "enabled_events": ["*"], "connect": True}
        )


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"grant_type": "password"}, oauth_error.UnsupportedGrantTypeError),
        ({"grant_type": "authorization_code"}, oauth_error.InvalidRequestError),
        ({"grant_type": "authorization_code", "code": "ac_x"}, oauth_error.InvalidGrantError),
        ({"grant_type": "refresh_token", "refresh_token": "rt_x"}, oauth_error.InvalidGrantError),
    ],
)
def test_a_bad_request_for_tokens_is_refused(
    platform: stripe.StripeClient, params: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        platform.oauth.token(params)


def test_only_a_platform_gets_tokens(address: str) -> None:
    with pytest.raises(oauth_error.InvalidClientError, match="Invalid API Key"):
        granted(platform_of(address, FULL_KEY))


def test_what_was_never_granted_cannot_be_withdrawn(address: str) -> None:
    answer = told_to(address, "oauth", {"deauthorize": True})
    assert (answer.status, answer.error["message"][:21]) == (400, "Nothing is authorized")
    assert bare(address, "/oauth/nowhere").status == 404
