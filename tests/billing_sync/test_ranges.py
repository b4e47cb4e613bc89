"""A list read in ranges beside each other, cut and killed anywhere, is read whole and each object once."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import backfill, pages, ranges
from billing_sync.listing import Asked, asked, strayed
from billing_sync.mirror import Sighting, drafted
from billing_sync.models import Connection, Dispute, ListRange, SyncCursor
from billing_sync.reading import Drafted
from billing_sync.resources import DISPUTES, RESOURCES
from tests.billing_sync.accounts import NOW, rows
from tests.soak import sized

State = SyncCursor.State
SIZE = 5
BEGAN = NOW - timedelta(days=400)


class Listing:
    """Stripe's list of disputes, in pages of five: newest first, those of one second by id."""

    def __init__(self, created: list[int]) -> None:
        self.objects = [
            {"id": f"dp_{number:04}", "object": "dispute", "created": at, "status": "won"}
            for number, at in enumerate(created)
        ]

    def page(self, page: Asked) -> Drafted:
        shown = sorted(self.objects, key=lambda one: (one["created"], one["id"]), reverse=True)
        bounds = page.params.get("created", {})
        found = [one for one in shown if bounds.get("gte", 0) <= one["created"] < bounds.get("lt", 2**40)]
        if page.after:
            found = found[[one["id"] for one in found].index(page.after) + 1 :] if page.after else found
        kept, more = found[:SIZE], len(found) > SIZE
        drafts = drafted(DISPUTES, False, [Sighting(one, NOW, "") for one in kept])
        return Drafted(page.after, NOW, drafts, [], more, str(kept[-1]["id"]) if more else "")


@pytest.fixture
def connection(organization: Organization) -> Connection:
    with tenant(organization.id):
        made = Connection.objects.create(
            organization_id=organization.id,
            kind=Connection.Kind.RESTRICTED_KEY,
            state=Connection.State.IMPORTING,
            livemode=False,
        )
        others = {one.name: "Not of this test." for one in RESOURCES if one is not DISPUTES}
        backfill.open_cursors(made, others, 0)
        SyncCursor.objects.filter(resource=DISPUTES.name).update(since_at=BEGAN)
    return made


def read_in_disorder(connection: Connection, listing: Listing, dice: random.Random) -> int:
    """Read with two lanes; every step may be a death, a page written twice, or a cut. Count the pages."""
    coming: list[tuple[int, Asked]] = []
    written = 0
    while True:
        with tenant(connection.organization_id):
            if not ranges.unread(connection):
                return written
            lane = dice.randrange(2)
            busy = [(page.resource, page.number) for _, page in coming]
            for one in ranges.take(connection, lane, 3, busy):
                coming.append((lane, asked(one, one.starting_after, one.oldest_at)))
        if not coming or dice.random() < 0.1:
            coming.clear()
            with tenant(connection.organization_id):
                ranges.release(connection, dice.randrange(2))
            continue
        dice.shuffle(coming)
        lane, page = coming.pop() if dice.random() < 0.9 else dice.choice(coming)
        fetched = listing.page(page)
        assert strayed(page, [one.created for one in fetched.drafts]) == ""
        row = pages.write(connection, lane, page, fetched)
        written += row is not None
        if row is not None and row.state in ranges.UNREAD:
            coming.append((lane, asked(row, row.starting_after, row.oldest_at)))


def counts(organization: Organization) -> list[tuple[Any, ...]]:
    return rows(organization, SyncCursor, "resource", "state", "objects_done")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(6, 100)))
def test_every_object_is_read_once_however_a_list_is_cut_and_killed(
    organization: Organization, connection: Connection, seed: int
) -> None:
    dice = random.Random(seed)
    start, end = int(BEGAN.timestamp()), int(NOW.timestamp())
    # Many objects in one second, right where cuts fall, and long stretches with none.
    seconds = [dice.randint(start, end) for _ in range(dice.choice([1, 3, 30]))]
    created = sorted(dice.choice(seconds) for _ in range(dice.choice([0, 5, 40, 90])))
    listing = Listing(created)
    read_in_disorder(connection, listing, dice)
    assert [one for (one,) in rows(organization, Dispute, "stripe_id")] == [
        one["id"] for one in listing.objects
    ]
    assert ("disputes", State.COMPLETE, len(created)) in counts(organization)


def test_a_long_list_is_cut_and_a_short_one_is_not(connection: Connection) -> None:
    begin, step = int(BEGAN.timestamp()), 86_400
    for count, least in ((300, 4), (5, 1)):
        with tenant(connection.organization_id):
            SyncCursor.objects.filter(resource=DISPUTES.name).update(state=State.WAITING)
            ranges.start(connection, DISPUTES.name)
        read_in_disorder(connection, Listing([begin + n * step for n in range(count)]), random.Random(1))
        with tenant(connection.organization_id):
            assert ranges.of(connection).filter(resource=DISPUTES.name).count() >= least
    with tenant(connection.organization_id):
        assert ranges.of(connection).filter(resource=DISPUTES.name).count() == 1


def test_a_lane_takes_no_range_of_another_but_what_it_cuts_off(connection: Connection) -> None:
    with tenant(connection.organization_id):
        (first,) = ranges.take(connection, 0, 1, [])
        assert ranges.take(connection, 1, 4, []) == []
    listing = Listing([int(BEGAN.timestamp()) + n * 86_400 for n in range(350)])
    page = asked(first, "", None)
    row = pages.write(connection, 0, page, listing.page(page))
    with tenant(connection.organization_id):
        cut = ranges.take(connection, 1, 4, [])
        victim = ranges.of(connection).get(resource=DISPUTES.name, number=first.number)
    assert row is not None
    assert len(cut) == 4
    edges = [victim.since_at, *(one.since_at for one in cut)]
    assert [one.until_at for one in cut] == edges[:-1]
    assert edges[-1] is None


def test_a_page_that_someone_else_wrote_is_dropped(connection: Connection) -> None:
    with tenant(connection.organization_id):
        (first,) = ranges.take(connection, 0, 1, [])
    listing = Listing([int(BEGAN.timestamp()) + n for n in range(20)])
    page = asked(first, "", None)
    assert pages.write(connection, 0, page, listing.page(page)) is not None
    assert pages.write(connection, 0, page, listing.page(page)) is None
    assert pages.write(connection, 1, page, listing.page(page)) is None


times = st.datetimes(datetime(2015, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))


@given(
    since=times, oldest=times, read=st.timedeltas(timedelta(0), timedelta(days=900)), parts=st.integers(1, 14)
)
def test_cuts_lie_on_seconds_within_the_unread_time(
    since: datetime, oldest: datetime, read: timedelta, parts: int
) -> None:
    one = ListRange(since_at=since, oldest_at=oldest, newest_at=oldest + read, pages_done=3)
    cuts = ranges.bounds(one, BEGAN, parts)
    assert len(cuts) < max(parts, 1)
    assert all(since < cut < oldest and cut.microsecond == 0 for cut in cuts)
    assert cuts == sorted(set(cuts), reverse=True)


def page_of(**facts: Any) -> Asked:
    return Asked(
        **{
            **dict.fromkeys(("since_at", "until_at", "before_at")),
            "resource": "disputes",
            "number": 0,
            "after": "",
            "whole": False,
            **facts,
        }
    )


def made(*times: int) -> list[int | None]:
    return list(times)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.mark.parametrize(
    ("page", "created", "words"),
    [
        (page_of(), made(9, 9, 3), ""),
        (page_of(), made(3, 9), "not in the order"),
        (page_of(before_at=at(5)), made(5, 4), ""),
        (page_of(before_at=at(5)), made(6), "not in the order"),
        (page_of(until_at=at(9)), made(8), ""),
        (page_of(until_at=at(9)), made(9), "newer than asked"),
        (page_of(since_at=at(3)), made(3), ""),
        (page_of(since_at=at(3)), made(2), "older than asked"),
        (page_of(since_at=at(5), before_at=at(4)), made(), ""),
        (page_of(whole=True, since_at=at(3)), made(2, 9), ""),
        (page_of(), [None, 4], ""),
    ],
)
def test_a_page_that_breaks_what_was_asked_is_noticed(
    page: Asked, created: list[int | None], words: str
) -> None:
    assert words in strayed(page, created)
    assert bool(words) == bool(strayed(page, created))
