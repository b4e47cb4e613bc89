"""The stages that `ingest` times, each by itself, in this process: where the recorded invoices are served."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from uuid import UUID

import django
import msgspec
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import stripe  # noqa: E402

from accounts.tenancy import tenant  # noqa: E402
from benchmarks import usage  # noqa: E402
from benchmarks.ingest_import import connected  # noqa: E402
from billing_sync import mirror  # noqa: E402
from billing_sync.garbage import seldom_searched  # noqa: E402
from billing_sync.mirror import Sighting, drafted  # noqa: E402
from billing_sync.models import Connection, Invoice  # noqa: E402
from billing_sync.payload import canonical, decode_object, packed  # noqa: E402
from billing_sync.personal import without_personal  # noqa: E402
from billing_sync.resources import INVOICES  # noqa: E402
from billing_sync.sandbox.keys import LIVE_KEY  # noqa: E402
from billing_sync.stripe_client import PAGE, Page, Stripe  # noqa: E402
from config.clock import now  # noqa: E402

TIMES, TOGETHER = 7, 10
Work = Callable[[msgspec.Raw], object]
AT = now()


def main() -> None:
    """Say what each stage costs an object in this thread's CPU, then what others cost on the same objects."""
    connection = connected(sys.argv[1])
    began = time.process_time()
    pages = list(listed(Stripe(LIVE_KEY, sys.argv[1])))
    texts = [text for page in pages for text in page.objects]
    asking = (time.process_time() - began) / len(texts)
    with seldom_searched():
        found = [("ask, and cut the page into objects", asking), *staged(texts), *others(texts, connection)]
    sys.stdout.write(
        f"{len(texts):,} invoices of {sum(len(bytes(text)) for text in texts) // len(texts):,} bytes, "
    )
    sys.stdout.write(f"stored in {sum(len(kept(text)) for text in texts) // len(texts):,}.\n\n")
    sys.stdout.write("| stage | µs of our CPU an object | objects per CPU second |\n| --- | ---: | ---: |\n")
    for name, seconds in found:
        sys.stdout.write(f"| {name} | {seconds * 1e6:.1f} | {1 / seconds:,.0f} |\n")


def listed(client: Stripe) -> Iterator[Page]:
    """Yield the list's pages, as the import asks for them."""
    after: dict[str, object] = {}
    while True:
        page = client.list_page(INVOICES.path, expand=list(INVOICES.expand), **after)
        yield page
        if not page.has_more:
            return
        after = {"starting_after": page.last_id}


def kept(text: msgspec.Raw) -> bytes:
    """Return an object's stored bytes."""
    return packed(canonical(without_personal(decode_object(text), "invoice")))


def staged(texts: Sequence[msgspec.Raw]) -> Iterator[tuple[str, float]]:
    """Yield each stage with its seconds for one object: what it adds to the stages before it."""

    def columned(text: msgspec.Raw) -> None:
        value = decode_object(text)
        packed(canonical(without_personal(value, "invoice")))
        [column.read(value) for column in INVOICES.columns]

    stages: list[tuple[str, Work]] = [
        ("nothing", lambda text: None),
        ("parse", decode_object),
        ("split personal data off", lambda text: without_personal(decode_object(text), "invoice")),
        ("write canonical JSON", lambda text: canonical(without_personal(decode_object(text), "invoice"))),
        ("compress", kept),
        ("read columns", columned),
        ("the rest of a row", lambda text: drafted(INVOICES, None, [Sighting(decode_object(text), AT, "")])),
    ]
    used = [(name, least(work, texts)) for name, work in stages]
    yield from ((name, after - before) for (_, before), (name, after) in pairwise(used))


def least(work: Work, texts: Sequence[msgspec.Raw]) -> float:
    """Return the seconds of CPU for one object, each page in its best round: others disturb, none helps."""
    total = 0.0
    for start in range(0, len(texts), PAGE):
        page, rounds = texts[start : start + PAGE], []
        for _ in range(TIMES):
            began = time.thread_time()
            for text in page:
                work(text)
            rounds.append(time.thread_time() - began)
        total += min(rounds)
    return total / len(texts)


def others(texts: Sequence[msgspec.Raw], connection: Connection) -> Iterator[tuple[str, float]]:
    """Yield writing as we do it and as it is usually done."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as database:
        postmaster = next(usage.family(database.info.backend_pid)).ppid()
    drafts = drafted(INVOICES, None, [Sighting(decode_object(text), AT, "") for text in texts])
    together = [drafts[start : start + TOGETHER * PAGE] for start in range(0, len(drafts), TOGETHER * PAGE)]
    theirs, own = usage.cpu_seconds(postmaster), time.process_time()
    for some in together:
        with tenant(connection.organization_id):
            mirror.store_drafts(connection, INVOICES, some)
    yield "write", (time.process_time() - own) / len(texts)
    yield "PostgreSQL's CPU beside it", (usage.cpu_seconds(postmaster) - theirs) / len(texts)
    yield "instead: stripe-python's objects", least(parsed, texts)
    theirs, own = usage.cpu_seconds(postmaster), time.process_time()
    made = [row(connection.organization_id, one) for one in drafts]
    with tenant(connection.organization_id):
        Invoice.objects.bulk_create(made, batch_size=1_000)
    yield "instead: rows by bulk_create", (time.process_time() - own) / len(texts)
    yield "PostgreSQL's CPU beside it ", (usage.cpu_seconds(postmaster) - theirs) / len(texts)


def parsed(text: msgspec.Raw) -> object:
    """Return an object as the SDK gives it."""
    return stripe.Invoice.construct_from(json.loads(bytes(text)), LIVE_KEY)


def row(organization_id: UUID, one: mirror.Draft) -> Invoice:
    """Return a draft as a row of the ORM, of another connection."""
    identity, created_at, payload, version, fetched_at, _, *typed = one.row
    named = {column.name: value for column, value in zip(INVOICES.columns, typed, strict=True)}
    return Invoice(
        organization_id=organization_id,
        connection_id=UUID(int=1),
        stripe_id=identity,
        created_at=created_at,
        payload=payload,
        api_version=version,
        fetched_at=fetched_at,
        **named,
    )


if __name__ == "__main__":
    main()
