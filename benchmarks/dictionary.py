"""Train the dictionary that payloads are compressed with: `python -m benchmarks.dictionary FILE`.

It learns from invented companies alone, whose personal data is taken out as everywhere.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
import zstandard

from benchmarks.processes import sandbox
from billing_sync.payload import Identified, canonical, decode_object
from billing_sync.personal import event_without_personal, without_personal
from billing_sync.sandbox.keys import LIVE_KEY

CUSTOMERS, PAGES = 300, 6
BYTES = 32_768
# Lower and higher numbers are registered, or cost two more bytes in every payload.
NUMBER = 40_001
LISTS: dict[str, dict[str, object]] = {
    "products": {},
    "prices": {"expand[]": ["data.tiers", "data.currency_options"]},
    "coupons": {"expand[]": ["data.applies_to"]},
    "promotion_codes": {},
    "tax_rates": {},
    "customers": {},
    "subscriptions": {"status": "all", "expand[]": ["data.discounts", "data.items.data.discounts"]},
    "subscription_schedules": {},
    "invoices": {"expand[]": ["data.discounts", "data.lines.data.discounts"]},
    "invoiceitems": {},
    "invoice_payments": {},
    "charges": {},
    "refunds": {},
    "credit_notes": {},
    "disputes": {},
    "balance_transactions": {},
    "events": {},
}


class Page(msgspec.Struct):
    """One page of a list, its objects unparsed."""

    data: list[msgspec.Raw]
    has_more: bool


def main() -> None:
    """Write a dictionary trained on a few pages of every list to the file that is named."""
    texts: list[bytes | bytearray | memoryview[int]] = []
    for business in ("full", "busy"):
        # Another company than the one that benchmarks read, whose figures would flatter it.
        with sandbox(CUSTOMERS, business=business, seed="dictionary") as base_url:
            for name in LISTS:
                texts += map(stored, listed(base_url, name, PAGES))
    trained = zstandard.train_dictionary(BYTES, texts, dict_id=NUMBER)
    Path(sys.argv[1]).write_bytes(trained.as_bytes())
    sys.stdout.write(f"{len(texts):,} objects of {sum(map(len, texts)):,} bytes\n")


def stored(text: bytes) -> bytes:
    """Return an object's text as it would be stored."""
    value = decode_object(text)
    kind = str(value["object"])
    return canonical(event_without_personal(value) if kind == "event" else without_personal(value, kind))


def listed(base_url: str, name: str, pages: int) -> Iterator[bytes]:
    """Yield the texts of the objects on the first pages of a sandbox's list."""
    values = {"limit": 100, **LISTS[name]}
    with closing(HTTPConnection(urlsplit(base_url).netloc)) as connection:
        for _ in range(pages):
            connection.request(
                "GET",
                f"/v1/{name}?{urlencode(values, doseq=True)}",
                headers={"Authorization": f"Bearer {LIVE_KEY}"},
            )
            page = msgspec.json.decode(connection.getresponse().read(), type=Page)
            yield from map(bytes, page.data)
            if not page.has_more:
                return
            values["starting_after"] = msgspec.json.decode(page.data[-1], type=Identified).id


if __name__ == "__main__":
    main()
