"""CSV files as tools and people write them: encodings, separators, amounts, months, and what is refused."""

import codecs
from datetime import date
from typing import Any

import pytest

from metrics.bridge.uploads import amounts as amounts_module
from metrics.bridge.uploads import tables
from metrics.bridge.uploads.amounts import read
from metrics.bridge.uploads.columns import Columns, checked, guessed
from metrics.bridge.uploads.tables import FileError, table
from metrics.bridge.uploads.values import decimal_mark, micro, month

WRITTEN = [
    *("2026-10", "2026-10-31", "2026-10-31T23:59:59Z", "2026/10", "202610", "20261031", "10/2026"),
    *("Oct 2026", "October 2026", "2026 Oct", "31/10/2026", "31.10.2026"),
]
OCTOBER, UNIT = date(2026, 10, 1), 100_000_000
LONG = "Customer,Month,MRR\nMüller,2026-10,49.00\n"


def amounts(text: str, **more: Any) -> dict[tuple[date, str, str], int]:
    file = table(text.encode())
    columns = guessed(file, "eur")
    found = read(file, Columns(**{**_fields(columns), **more}))
    assert found.problems == []
    return found.amounts


def _fields(columns: Columns) -> dict[str, Any]:
    return {name: getattr(columns, name) for name in Columns.__slots__}


def problems(text: str) -> list[tuple[int, str]]:
    file = table(text.encode())
    return read(file, guessed(file, "eur")).problems


@pytest.mark.parametrize(
    "content",
    [
        LONG.encode(),
        codecs.BOM_UTF8 + LONG.encode(),
        LONG.encode("utf-16"),
        LONG.encode("utf-16-le"),
        LONG.encode("utf-16-be"),
        LONG.encode("latin-1"),
        LONG.replace("\n", "\r\n").encode(),
        LONG.replace("\n", "\r").encode(),
        LONG.replace(",", ";").encode(),
        LONG.replace(",", "\t").encode(),
        ("\n" + LONG.replace("Müller", '"Müller"') + "\n\n").encode(),
    ],
)
def test_every_encoding_and_separator_gives_the_same_table(content: bytes) -> None:
    file = table(content)
    assert file.header == ["Customer", "Month", "MRR"]
    assert [cells for _, cells in file.rows] == [["Müller", "2026-10", "49.00"]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no rows below a header"),
        (b"a,b\n", "no rows below a header"),
        (b"PK\x03\x04\x00\x00\x00a,b\n1,2\n", "not a text file"),
        (b'a,b\n"1"x,2\n', "Line 2 is not CSV"),
        ((",".join(["a"] * 500) + "\n1\n").encode(), "500 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(content: bytes, told: str) -> None:
    with pytest.raises(FileError, match=told):
        table(content)


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("49", ".", 49 * UNIT),
        ("1,234.50", ".", 1_234_50 * 1_000_000),
        ("1.234,50 €", ",", 1_234_50 * 1_000_000),
        ("1 234,5", ",", 1_234_50 * 1_000_000),
        ("1'234.50", ".", 1_234_50 * 1_000_000),
        ("12,34,567", ".", 1_234_567 * UNIT),
        ("(10.00)", ".", -10 * UNIT),
        ("-€10", ".", -10 * UNIT),
        ("EUR 43.333333", ".", 4_333_333_300),
        ("", ".", None),
        ("–", ".", None),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, decimal: str, expected: int | None) -> None:
    assert micro(text, "eur", decimal) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("=1+1", "not an amount"),
        ("1,2", "not an amount"),
        ("12 apples", "not an amount"),
        ("$10 USD", "in USD, not in EUR"),
        ("£10", "in GBP, not in EUR"),
        ("0.123456789", "more decimals"),
        ("9" * 30, "too large"),
        ("١٢", "not an amount"),
        ("nan", "in NAN, not in EUR"),
    ],
)
def test_what_is_no_amount_is_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        micro(text, "eur")


def test_currencies_have_their_own_decimals_and_units_can_be_the_smallest() -> None:
    assert micro("500", "jpy") == 500_000_000
    assert micro("1.234", "kwd") == 1_234_000_000
    assert micro("4900", "eur", unit="minor") == 49 * UNIT


@pytest.mark.parametrize(
    "text",
    WRITTEN,
)
def test_months_are_read_as_they_are_written(text: str) -> None:
    assert month(text) == OCTOBER


@pytest.mark.parametrize("text", ["", "2026-13", "yesterday", "31/31/2026", "0000-10", "２０２６-10"])
def test_what_is_no_month_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no month or day"):
        month(text)


@pytest.mark.parametrize(
    ("samples", "mark"),
    [
        (["1.234,50"], ","),
        (["1,234.50"], "."),
        (["12,5"], ","),
        (["1,234"], "."),
        (["49"], "."),
        (["", "3,99"], ","),
    ],
)
def test_the_decimal_mark_is_guessed_from_the_cells(samples: list[str], mark: str) -> None:
    assert decimal_mark(samples) == mark


def test_a_long_file_adds_up_the_rows_of_one_customer() -> None:
    text = "Customer ID,Date,MRR\ncus_1,2026-10-31,10.00\ncus_1,2026-10-31,5.00\ncus_2,2026-10-31,0\n"
    assert amounts(text) == {(OCTOBER, "eur", "cus_1"): 15 * UNIT}


def test_a_wide_file_has_a_month_in_each_column() -> None:
    text = "email;2026-09;2026-10\na@example.com;1.000,00;12,50\n"
    assert amounts(text) == {
        (date(2026, 9, 1), "eur", "a@example.com"): 1_000 * UNIT,
        (OCTOBER, "eur", "a@example.com"): 12_50 * 1_000_000,
    }


def test_changes_run_on_to_the_last_month_of_the_file() -> None:
    text = (
        "Customer,Date,MRR change,Currency\n"
        "a,08/31/2026,10.00,USD\na,10/02/2026,-4.00,USD\nb,10/02/2026,1,EUR\n"
    )
    assert amounts(text) == {
        (date(2026, 8, 1), "usd", "a"): 10 * UNIT,
        (date(2026, 9, 1), "usd", "a"): 10 * UNIT,
        (OCTOBER, "usd", "a"): 6 * UNIT,
        (OCTOBER, "eur", "b"): UNIT,
    }


def test_every_bad_row_is_listed_by_its_line() -> None:
    text = "customer,month,mrr\n,2026-10,1\ncus_1,soon,1\n\ncus_2,2026-10,lots\ncus_3,2026-10\n"
    told = problems(text)
    assert [line for line, _ in told] == [2, 3, 5, 6]
    assert [reason.split(".")[0] for _, reason in told] == [
        "The row names no customer",
        "“soon” is no month or day",
        "“lots” is not an amount",
        "The row has 2 columns; the header has 3",
    ]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (Columns("long", 0, 1, None, currency="eur"), "Choose the column of the month"),
        (Columns("long", 0, 1, 1, currency="eur"), "three different columns"),
        (Columns("long", 0, 1, 2), "Choose the column of the currency"),
        (Columns("wide", 0, currency="eur"), "No other column's name is a month"),
    ],
)
def test_columns_that_cannot_be_read_by_are_refused(chosen: Columns, told: str) -> None:
    with pytest.raises(FileError, match=told):
        checked(chosen, table(LONG.encode()))


def test_a_cell_without_an_end_is_refused_with_its_line() -> None:
    for content in (b"a" * 200_000, b'Customer,Month,MRR\n"' + b"x" * 200_000):
        with pytest.raises(FileError, match="is not CSV"):
            table(content)


def test_more_rows_or_amounts_than_can_be_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts_module, "MOST_AMOUNTS", 100)
    years = "Customer,Date,Change\na,1990-01-05,6.00\nb,2026-12-05,6.00\n"
    file = table(years.encode())
    columns = Columns(**{**_fields(guessed(file, "eur")), "form": "changes", "amount": 2})
    assert "more than 100 amounts" in read(file, columns).problems[0][1]
    many = "Customer,Month,MRR\n" + "".join(f"c{n},2026-10,1.00\n" for n in range(102))
    assert "more than 100 amounts" in problems(many)[0][1]
    monkeypatch.setattr(tables, "MOST_ROWS", 101)
    with pytest.raises(FileError, match="more than 101 rows"):
        table(many.encode())
