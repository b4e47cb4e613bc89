"""What is stored of an object is small, and read however it was compressed."""

import pytest
import zstandard

from billing_sync.comparing import Standing, difference
from billing_sync.models import Repair
from billing_sync.payload import (
    MANY,
    all_packed,
    canonical,
    packed,
    read_payload,
    same_payload,
    write_payload,
)

INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "currency": "usd",
    "lines": {"object": "list", "data": [{"id": "il_1", "object": "line_item", "amount": 4900}]},
    "status_transitions": {"finalized_at": 1, "marked_uncollectible_at": None, "paid_at": 2},
}
# As it was written before there was a dictionary.
FORMERLY = zstandard.ZstdCompressor(level=1).compress(canonical(INVOICE))


def test_a_payload_written_without_the_dictionary_is_read() -> None:
    assert read_payload(FORMERLY) == INVOICE == read_payload(write_payload(INVOICE))


def test_the_dictionary_saves_most_of_an_object() -> None:
    assert len(write_payload(INVOICE)) < len(FORMERLY) / 2


def test_an_object_is_the_same_however_it_was_compressed() -> None:
    assert same_payload(FORMERLY, INVOICE)
    assert same_payload(write_payload(INVOICE), INVOICE)
    assert not same_payload(FORMERLY, {**INVOICE, "currency": "eur"})


def test_compressing_an_object_anew_is_no_repair() -> None:
    before = Standing(FORMERLY, "v", deleted=False, personal=FORMERLY)
    anew = Standing(write_payload(INVOICE), "v", deleted=False, personal=write_payload(INVOICE))
    other = Standing(write_payload({**INVOICE, "currency": "eur"}), "v", deleted=False, personal=FORMERLY)
    assert difference(before, anew) is None
    assert difference(before, other) == Repair.Difference.CHANGED


@pytest.mark.parametrize("count", [0, 1, MANY, MANY + 1])
def test_objects_compressed_together_are_stored_as_each_by_itself(count: int) -> None:
    texts = [canonical({"id": f"in_{number}", "total": number * 100}) for number in range(count)]
    assert all_packed(texts) == [packed(text) for text in texts]
