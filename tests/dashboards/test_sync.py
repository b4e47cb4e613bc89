"""The sync page, and the line that says on every page until when its data reach."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, Repair, SetAside, SyncCursor, SyncRun
from billing_sync.stripe_errors import FEWER_REQUESTS
from config import clock
from tests.cast import Person
from tests.dashboards.revenue import NOW, connect, revenue

PAGE = "/o/acme/sync/"
Kind, State = SyncRun.Kind, Connection.State


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def live(organization: Organization, **more: Any) -> Connection:
    return connect(organization, State.LIVE, **{"imported_at": NOW, "data_through": NOW, **more})


def ran(connection: Connection, kind: SyncRun.Kind, **more: Any) -> SyncRun:
    """Write a run that ended well ten minutes after its start."""
    started_at = more.pop("started_at", NOW - timedelta(hours=9))
    facts = {"state": SyncRun.State.DONE, "ended_at": started_at + timedelta(minutes=10), **more}
    with tenant(connection.organization_id):
        return SyncRun.objects.create(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            kind=kind,
            started_at=started_at,
            **facts,
        )


def repaired(connection: Connection, identity: str, **more: Any) -> None:
    facts = {"difference": "changed", "cause": "no_event", "found_at": NOW, **more}
    with tenant(connection.organization_id):
        Repair.objects.create(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            run_id=uuid.uuid4(),
            resource="subscriptions",
            stripe_id=identity,
            **facts,
        )


def read(person: Person, url: str = PAGE) -> str:
    """Return the words of a page, without its tags."""
    html = person.client.get(url).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_without_a_connection_the_page_says_what_will_be_here(owner: Person) -> None:
    text = read(owner)
    assert "Nothing is connected" in text
    assert "Data through" not in text


def test_a_viewer_may_read_it(teammate: Person, organization: Organization) -> None:
    live(organization)
    assert "Everything that Stripe has told is here." in read(teammate)


def test_a_run_shows_its_cost(owner: Person, organization: Organization) -> None:
    cost = {"objects_read": 12_345, "requests": 130, "waited_ms": 65_400}
    ran(live(organization), Kind.IMPORT, **cost)
    text = read(owner)
    for words in ("First import", "12,345", "130", "1 min 5 s", "10 min 0 s", "21 Nov 2026, 03:00"):
        assert words in text


def test_a_comparison_says_how_much_it_mended(owner: Person, organization: Organization) -> None:
    ran(live(organization), Kind.NIGHTLY, repaired=2)
    assert "21 November 2026, 03:00: repaired: 2, unexplained: 0" in read(owner)


def test_a_failed_run_shows_stripe_s_request_id(owner: Person, organization: Organization) -> None:
    failed = {
        "state": SyncRun.State.FAILED,
        "error": "Stripe answered with error 500.",
        "request_id": "req_7",
    }
    ran(live(organization), Kind.WEEKLY, **failed)
    text = read(owner)
    assert "Stripe answered with error 500." in text
    assert "Stripe's request: req_7" in text.replace("&#x27;", "'")


def test_a_repair_names_its_object_and_its_cause(owner: Person, organization: Organization) -> None:
    repaired(live(organization), "sub_1", difference="vanished", cause="deleted_unannounced")
    text = read(owner)
    assert "sub_1" in text
    assert "Is gone from Stripe" in text
    assert "Stripe deleted it without an event." in text


@pytest.mark.parametrize("cause", Repair.Cause.values)
def test_every_cause_has_its_words(owner: Person, organization: Organization, cause: str) -> None:
    repaired(live(organization), "sub_1", cause=cause)
    assert re.search(r"Was different here \S+ \S+", read(owner))


def test_older_runs_and_repairs_are_a_link_away(owner: Person, organization: Organization) -> None:
    connection = live(organization)
    for minute in range(30):
        ran(connection, Kind.EVENTS, started_at=NOW - timedelta(minutes=minute))
        repaired(connection, f"sub_at_{minute:02d}", found_at=NOW - timedelta(minutes=minute // 2))
    first = owner.client.get(PAGE).content.decode()
    shown = set(re.findall(r"sub_at_\d\d", first))
    older = dict(re.findall(r'href="\?(\w+)=([^#]+)#', first))
    assert older.keys() == {"runs", "repairs"}
    rest = owner.client.get(PAGE, {"repairs": older["repairs"]}).content.decode()
    assert len(shown) == 25
    assert shown | set(re.findall(r"sub_at_\d\d", rest)) == {f"sub_at_{minute:02d}" for minute in range(30)}
    assert "Older repairs" not in rest
    last_runs = owner.client.get(PAGE, {"runs": older["runs"]}).content.decode()
    assert last_runs.count('class="run-result"') == 5


@pytest.mark.parametrize("place", ["yesterday", "2026-11-21T12:00:00_7", "_", "2026-11-21T12:00:00"])
def test_a_place_that_is_none_says_so(owner: Person, organization: Organization, place: str) -> None:
    live(organization)
    answer = owner.client.get(PAGE, {"runs": place})
    assert answer.status_code == 400
    assert "names no place in the history" in answer.content.decode()


def test_the_history_of_another_organization_stays_there(
    owner: Person, organization: Organization, other_organization: Organization
) -> None:
    repaired(live(other_organization), "sub_other")
    live(organization)
    assert "sub_other" not in read(owner)


def stale(organization: Organization) -> None:
    live(organization, data_through=NOW - timedelta(hours=3))


def rate_limited(organization: Organization) -> None:
    cursor(live(organization), "event_poll", error=str(FEWER_REQUESTS))


def without_a_list(organization: Organization) -> None:
    cursor(live(organization), "disputes", state=SyncCursor.State.UNAVAILABLE)


def without_events(organization: Organization) -> None:
    """Connect an account that only the night before last has compared."""
    day_old = live(organization, data_through=NOW - timedelta(hours=25))
    cursor(day_old, "events", state=SyncCursor.State.UNAVAILABLE)


def with_one_set_aside(organization: Organization) -> None:
    connection = live(organization)
    with tenant(organization.id):
        SetAside.objects.create(
            organization=organization,
            connection_id=connection.id,
            resource="invoices",
            stripe_id="in_1",
            reason="total is too large.",
            seen_at=NOW,
        )


def cursor(connection: Connection, resource: str, **more: Any) -> None:
    with tenant(connection.organization_id):
        SyncCursor.objects.create(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            resource=resource,
            **{"state": SyncCursor.State.COMPLETE, **more},
        )


CONDITIONS = {
    "stale": (stale, "Stale", "Nothing has been read for 3", "See the connection"),
    "rate-limited": (rate_limited, "Rate-limited", "Stripe asks for fewer requests.", ""),
    "a list missing": (without_a_list, "Partial", "A list cannot be read", "See what is left out"),
    "events missing": (without_events, "Partial", "set Events to Read in Stripe", "See what is left out"),
    "set aside": (with_one_set_aside, "Partial", "could not be used", "See what is left out"),
    "revoked": (
        lambda acme: connect(acme, State.REVOKED, data_through=NOW),
        "Access revoked",
        "Nothing that was read is lost.",
        "Connect it again",
    ),
    "refused": (lambda acme: connect(acme, State.REFUSED), "Key refused", "does not let", "another key"),
    "importing": (lambda acme: connect(acme, State.IMPORTING), "Importing", "numbers appear", "Watch it"),
    "disconnected": (
        lambda acme: connect(acme, State.DISCONNECTED, data_through=NOW),
        "Disconnected",
        "read no longer",
        "Connect it again",
    ),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_has_words_and_a_way_out(
    owner: Person, organization: Organization, name: str
) -> None:
    arrange, label, words, way = CONDITIONS[name]
    arrange(organization)
    text = read(owner)
    assert text.count(f" {label} ") >= 2, "on the connection, and beside the line"
    assert words in text
    assert way in text


@pytest.mark.parametrize("url", ["/o/acme/members/", "/o/acme/connections/", "/o/acme/connections/new", PAGE])
def test_every_page_says_until_when_its_data_reach(
    owner: Person, organization: Organization, url: str
) -> None:
    live(organization)
    Organization.objects.filter(id=organization.id).update(time_zone="Asia/Tokyo")
    html = owner.client.get(url).content.decode()
    assert "Data through 21:00, 21 November 2026 (Asia/Tokyo)" in html
    assert f'href="{PAGE}"' in html


def test_the_dashboard_says_it_too(owner: Person, organization: Organization) -> None:
    revenue(organization)
    assert read(owner, "/o/acme/").count("Data through") == 1


def test_the_account_furthest_behind_dates_the_line(owner: Person, organization: Organization) -> None:
    live(organization, account_id="acct_1")
    live(organization, account_id="acct_2", data_through=NOW - timedelta(minutes=30))
    connect(organization, State.DISCONNECTED, account_id="acct_3", data_through=NOW - timedelta(days=9))
    assert "Data through 11:30, 21 November 2026" in read(owner)


def test_pages_of_no_organization_say_nothing(owner: Person, organization: Organization) -> None:
    live(organization)
    assert "Data through" not in read(owner, "/organizations/")


@pytest.mark.parametrize(
    ("arrange", "words"),
    [(rate_limited, "Acme SAS is rate-limited."), (without_a_list, "Acme SAS is not read completely.")],
)
def test_the_dashboard_warns_of_what_holds_up_or_lacks(
    owner: Person, organization: Organization, arrange: Any, words: str
) -> None:
    arrange(organization)
    revenue(organization)
    assert words in read(owner, "/o/acme/?month=2026-09")
