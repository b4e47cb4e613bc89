"""Rows as bytes: what is read back is what was written, and no text of it is a formula."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.exports.columns import Column, Kind, Layout, amount
from dashboards.exports.encoding import ENCODINGS, Csv, Json
from metrics.extracts.cursors import Row
from metrics.management.output import FORMULAS
from tests.dashboards.exports.reading import of_csv, original, same_rows

COLUMNS = (Column("name", personal=True), *amount("mrr"), Column("currency"), Column("customer_id"))
# What PostgreSQL can hold: any text but with a NUL or half of a pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
HOSTILE = st.sampled_from(
    ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "\n=x", "'=x", "''-x", "'", '"', 'a"b', "a,b", ";"]
)
ROWS = st.lists(
    st.tuples(
        TEXTS | HOSTILE, st.integers(-(10**20), 10**20), st.sampled_from(["usd", "jpy", "bhd"]), HOSTILE
    ),
    max_size=8,
)


def written(name: str, rows: list[Row], *, personal: bool = True, at: int = 3) -> bytes:
    """Return a file that was written in two pieces."""
    layout, encoding = Layout(COLUMNS, personal=personal), ENCODINGS[name]
    before, after = rows[:at], rows[at:]
    body = encoding.body(layout, before, 0) + encoding.body(layout, after, len(before))
    return encoding.head(layout) + body + encoding.tail(len(rows))


def test_each_amount_has_the_decimals_of_its_own_currency() -> None:
    columns = (*amount("own"), Column("currency"), *amount("converted", currency="to"), Column("to"))
    layout = Layout(columns, personal=True)
    told = layout.cells((1_234_000_000, "jpy", 1_234_000_000, "bhd"))
    assert told == [Decimal(1234), 1_234_000_000, "jpy", Decimal("1.234"), 1_234_000_000, "bhd"]


@given(rows=ROWS)
def test_whatever_names_contain_is_read_back(rows: list[Row]) -> None:
    _, told = of_csv(written("csv", rows))
    assert [(original(cells[0]), int(cells[2]), original(cells[4])) for cells in told] == [
        (name, micro, customer) for name, micro, _, customer in rows
    ]


@given(rows=ROWS)
def test_no_text_begins_as_a_formula_does(rows: list[Row]) -> None:
    _, told = of_csv(written("csv", rows))
    assert not [cells for cells in told for cell in (cells[0], cells[4]) if cell.startswith(FORMULAS)]


@given(rows=ROWS)
def test_both_formats_hold_the_same_rows(rows: list[Row]) -> None:
    assert len(same_rows(written("csv", rows), written("json", rows))) == len(rows)


def test_signed_numbers_stay_numbers() -> None:
    content = written("csv", [("-1", -1_234_000_000, "usd", "cus_1")])
    assert content == b"name,mrr,mrr_micro,currency,customer_id\r\n'-1,-12.34,-1234000000,usd,cus_1\r\n"


def test_what_is_personal_is_left_out_whole() -> None:
    rows: list[Row] = [("Ada", 5, "usd", "cus_1")]
    assert b"Ada" not in written("csv", rows, personal=False)
    assert json.loads(written("json", rows, personal=False))[0].keys() == {
        *("mrr", "mrr_micro", "currency", "customer_id")
    }


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_json_is_one_array_however_many_pieces_it_came_in(count: int) -> None:
    rows: list[Row] = [("Ada", number, "usd", "cus_1") for number in range(count)]
    assert [one["mrr_micro"] for one in json.loads(written("json", rows))] == [*range(count)]


def test_each_kind_is_written_in_one_way() -> None:
    kinds = (*(Column(kind.value, kind) for kind in Kind if kind is not Kind.MAJOR), Column("currency"))
    moment = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    day = date(2026, 10, 31)
    numbers = (3, Decimal(4), Decimal("0.050000"), Decimal("14.500000"))
    row: Row = ("a", ["b", "c"], *numbers, day, day, moment, True, "usd")
    layout = Layout(kinds, personal=False)
    assert Csv().body(layout, [row], 0) == (
        b"a,b c,3,4,0.050000,14.500000,2026-10-31,2026-10,2026-10-31T23:30:00Z,true,usd\r\n"
    )
    nothing: Row = (*([None] * 10), "usd")
    assert Csv().body(layout, [nothing], 0) == b",,,,,,,,,,usd\r\n"
    told = json.loads(Json().head(layout) + Json().body(layout, [row, nothing], 0) + Json().tail(2))
    assert told[0]["words"] == ["b", "c"]
    assert (told[0]["micro"], told[0]["rate"], told[0]["flag"]) == (4, 0.05, True)
    assert told[0]["number"] == 14.5
    assert set(told[1].values()) == {None, "usd"}
