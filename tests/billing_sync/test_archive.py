import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from billing_sync import models
from billing_sync.archive import ArchiveRefused, import_events
from billing_sync.models import Connection, SetAside
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.control import archive
from tests.billing_sync.accounts import NOW, connection_of, facts, payloads, rows


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(seed=7, size=6, now=NOW)


@pytest.fixture(scope="module")
def lines(company: Company) -> list[bytes]:
    return list(archive(company))


def line(**fields: Any) -> bytes:
    return msgspec.json.encode({"object": "event", "created": 1_700_000_000, **fields})


def test_an_archive_tells_every_object(
    organization: Organization, company: Company, lines: Sequence[bytes]
) -> None:
    done = import_events(organization.id, lines)
    assert (done.events, done.set_aside) == (len(lines), 0)
    for model, kind in ((models.Subscription, "subscription"), (models.Invoice, "invoice")):
        assert len(payloads(organization, model)) == company.book.count(kind)
    connection = connection_of(organization)
    assert (connection.kind, connection.state) == (Connection.Kind.ARCHIVE, Connection.State.LIVE)


def test_an_archive_replayed_twice_or_shuffled_tells_the_same(
    organization: Organization, lines: Sequence[bytes]
) -> None:
    import_events(organization.id, lines)
    once = facts(organization, without={"billing_sync_event"})
    import_events(organization.id, lines)
    assert facts(organization, without={"billing_sync_event"}) == once
    # Events of one second keep their order: only the file knows it.
    seconds = sorted({msgspec.json.decode(one)["created"] for one in lines})
    random.Random(5).shuffle(seconds)
    place = {second: number for number, second in enumerate(seconds)}
    import_events(organization.id, sorted(lines, key=lambda one: place[msgspec.json.decode(one)["created"]]))
    assert facts(organization, without={"billing_sync_event"}) == once


def test_customers_are_made_from_ids(organization: Organization) -> None:
    invoice = {"id": "in_1", "object": "invoice", "customer": "cus_only_named"}
    import_events(organization.id, [line(id="evt_1", type="invoice.paid", data={"object": invoice})])
    assert payloads(organization, models.Customer)["cus_only_named"] == {
        "id": "cus_only_named",
        "object": "customer",
    }


def test_what_was_said_directly_wins_over_what_stood_inside(organization: Organization) -> None:
    price = {"id": "price_1", "object": "price", "tiers": [{"up_to": 10}], "currency": "eur"}
    inner = {"id": "price_1", "object": "price", "currency": "eur"}
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "items": {"data": [{"id": "si_1", "price": inner}]},
    }
    import_events(
        organization.id,
        [
            line(id="evt_1", type="price.created", data={"object": price}),
            line(
                id="evt_2",
                type="customer.subscription.created",
                created=1_700_000_900,
                data={"object": subscription},
            ),
        ],
    )
    assert payloads(organization, models.Price)["price_1"]["tiers"] == [{"up_to": 10}]


def test_the_end_of_a_subscription_is_no_deletion(organization: Organization) -> None:
    ended = {"id": "sub_1", "object": "subscription", "status": "canceled"}
    product = {"id": "prod_1", "object": "product", "name": "Old"}
    import_events(
        organization.id,
        [
            line(id="evt_1", type="customer.subscription.deleted", data={"object": ended}),
            line(id="evt_2", type="product.deleted", data={"object": product}),
        ],
    )
    assert rows(organization, models.Subscription, "stripe_id", "deleted_at") == [("sub_1", None)]
    ((_product, deleted_at),) = rows(organization, models.Product, "stripe_id", "deleted_at")
    assert deleted_at is not None


def test_absent_fields_are_read_as_null(organization: Organization) -> None:
    bare = msgspec.json.encode(
        {"created": 1_700_000_000, "data": {"object": {"id": "in_1", "object": "invoice"}}}
    )
    assert import_events(organization.id, [bare]).events == 1
    assert rows(organization, models.Invoice, "stripe_id", "customer_id", "total_minor") == [
        ("in_1", "", None)
    ]


def test_lines_that_are_no_events_are_set_aside_by_number(organization: Organization) -> None:
    good = line(id="evt_1", type="x", data={"object": {"id": "in_1", "object": "invoice"}})
    done = import_events(
        organization.id, [b"{", good, b"", b"[]", b'{"id": "evt_2", "data": {"object": {}}}']
    )
    assert (done.events, done.set_aside) == (1, 3)
    reasons = dict(rows(organization, SetAside, "stripe_id", "reason"))
    assert reasons.keys() == {"line 1", "line 4", "line 5"}
    assert reasons["line 5"] == "Line 5: It has no time (created)."


def test_a_file_without_events_is_refused(organization: Organization) -> None:
    with pytest.raises(ArchiveRefused, match="no event of Stripe's"):
        import_events(organization.id, [b"customer,amount", b"a,1"])


def test_a_file_that_is_not_there_ends_the_command_with_2(organization: Organization, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read") as failed:
        call_command("import_events", "acme", str(tmp_path / "none.jsonl"))
    assert failed.value.returncode == 2
