"""The page of a connection's webhooks: what it says, and who may change what."""

from datetime import timedelta

import pytest
from django.test import override_settings

from accounts.models import AuditEntry, Job, Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, WebhookDelivery, WebhookEndpoint
from billing_sync.webhooks import endpoints
from tests.cast import Person
from tests.dashboards.revenue import NOW, connect

LIST = "/o/acme/connections/"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
State = WebhookEndpoint.State


@pytest.fixture
def connection(organization: Organization) -> Connection:
    return connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)


@pytest.fixture
def page(connection: Connection) -> str:
    return f"{LIST}{connection.id}/webhook"


def listening(connection: Connection, **facts: object) -> None:
    with tenant(connection.organization_id):
        endpoints.accept(connection, SECRET)
        WebhookEndpoint.objects.update(**facts)


def endpoint(connection: Connection) -> WebhookEndpoint:
    with tenant(connection.organization_id):
        return WebhookEndpoint.objects.get()


def text(person: Person, url: str) -> str:
    return " ".join(person.client.get(url).content.decode().split())


def test_without_webhooks_the_list_says_how_far_behind_it_may_be(owner: Person, page: str) -> None:
    html = text(owner, LIST)
    assert "Polling only: at most two minutes behind." in html
    assert f'href="{page}"' in html


def test_a_viewer_sees_how_webhooks_stand_and_no_way_to_change_it(teammate: Person, page: str) -> None:
    assert "Polling only" in text(teammate, LIST)
    assert page not in text(teammate, LIST)
    assert teammate.client.get(page).status_code == 403
    assert teammate.client.post(page, {"secret": SECRET}).status_code == 403


def test_the_list_says_what_came_last_and_what_waits(owner: Person, connection: Connection) -> None:
    listening(connection, received_at=NOW)
    with tenant(connection.organization_id):
        for number in range(2):
            WebhookDelivery.objects.create(
                organization_id=connection.organization_id,
                connection_id=connection.id,
                event_id=f"evt_{number}",
                body=b"{}",
                received_at=NOW,
            )
    html = text(owner, LIST)
    assert f"Last received {NOW:%-d %B %Y, %H:%M:%S} UTC." in html
    assert "2 are waiting." in html


def test_a_disconnected_account_says_nothing_of_webhooks(owner: Person, organization: Organization) -> None:
    connection = connect(organization, Connection.State.DISCONNECTED)
    assert "Webhooks" not in text(owner, LIST)
    assert owner.client.get(f"{LIST}{connection.id}/webhook").status_code == 404


@override_settings(BASE_URL="https://new.example.com", WEBHOOKS=True)
def test_an_endpoint_at_an_address_we_have_left_is_told_with_the_way_out(
    owner: Person, connection: Connection, page: str
) -> None:
    with override_settings(BASE_URL="https://old.example.com"):
        listening(connection)
    assert "Stripe posts to an address that this server has left." in text(owner, LIST)
    html = text(owner, page)
    old, new = (f"https://{name}.example.com/webhooks/stripe/{connection.id}/" for name in ("old", "new"))
    assert f"Stripe posts to {old}, and this server is now at https://new.example.com." in html
    assert f'set its address to: </p> <p class="code">{new}</p>' in html
    assert owner.client.post(page, {"secret": SECRET}).status_code == 302
    assert "Stripe posts to" not in text(owner, page)


def test_where_stripe_cannot_reach_us_the_page_says_what_to_set(owner: Person, page: str) -> None:
    html = text(owner, page)
    assert "Set BASE_URL to this server's public https address" in html
    assert "Paste its signing secret" not in html


@override_settings(WEBHOOKS=True, BASE_URL="https://numbers.example.com")
def test_the_guide_gives_the_address_and_the_events(owner: Person, page: str, connection: Connection) -> None:
    html = text(owner, page)
    assert f"https://numbers.example.com/webhooks/stripe/{connection.id}/" in html
    assert "customer.subscription.updated" in html


@override_settings(WEBHOOKS=True)
def test_a_pasted_secret_is_kept_and_never_shown(owner: Person, page: str, connection: Connection) -> None:
    answer = owner.client.post(page, {"secret": f" {SECRET} "}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert endpoint(connection).state == State.READY
    assert SECRET not in answer.content.decode()
    with tenant(connection.organization_id):
        assert AuditEntry.objects.filter(action="webhook.secret_pasted").count() == 1


@override_settings(WEBHOOKS=True)
@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("", "Paste the signing secret"),
        ("rk_live_51NobodyElse", "The signing secret starts with whsec_"),
        ("whsec_abc", "This secret is not complete"),
    ],
)
def test_something_else_than_a_secret_is_refused_with_words(
    owner: Person, page: str, pasted: str, why: str
) -> None:
    answer = owner.client.post(page, {"secret": pasted})
    assert answer.status_code == 400
    assert why in answer.content.decode()
    assert not pasted or pasted not in answer.content.decode()


@override_settings(WEBHOOKS=True)
@pytest.mark.parametrize(
    ("action", "state"),
    [("creation", State.CREATING), ("rotation", State.ROTATING), ("removal", State.REMOVING)],
)
def test_what_is_wanted_is_written_down_and_a_job_asks_stripe(
    owner: Person, page: str, connection: Connection, action: str, state: State
) -> None:
    listening(connection, made_by="api")
    answer = owner.client.post(f"{page}/{action}", follow=True)
    assert answer.status_code == 200
    assert str(state.label) in answer.content.decode()
    assert endpoint(connection).state == state
    assert Job.objects.filter(kind="webhook_endpoint", key=str(connection.id)).exists()


def test_nothing_is_made_where_stripe_cannot_reach_us(owner: Person, page: str) -> None:
    answer = owner.client.post(f"{page}/creation", follow=True)
    assert "Stripe cannot reach this server" in answer.content.decode()
    assert not Job.objects.filter(kind="webhook_endpoint").exists()


@override_settings(WEBHOOKS=True)
def test_a_refusal_of_stripe_s_is_shown_beside_the_guide(
    owner: Person, page: str, connection: Connection
) -> None:
    listening(connection, state=State.REFUSED, secret_encrypted=b"", error="The key lacks rak_webhook_write.")
    html = text(owner, page)
    assert "The key lacks rak_webhook_write." in html
    assert "Or make it by hand, in two steps" in html


@override_settings(WEBHOOKS=True)
def test_while_the_old_secret_counts_the_page_says_until_when(
    owner: Person, page: str, connection: Connection
) -> None:
    until = NOW + timedelta(days=9_000)
    listening(connection, previous_until=until)
    assert f"also valid until {until:%-d %B %Y, %H:%M} UTC" in text(owner, page)
