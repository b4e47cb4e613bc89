"""Rates out of files: both forms, exact to the digit, or refused with the lines that are wrong."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.exchange.quotes import Quote
from metrics.exchange.reading import MOST_BYTES, BadRatesError, read_rates, text_of
from tests.metrics.exchange.files import REFERENCE, zipped

TODAY = date(2026, 11, 21)
HEAD = "date,base,quote,rate\n"


def spoilt(content: bytes) -> bytes:
    """Return an archive whose compressed bytes, which follow its head, are none."""
    file = bytearray(zipped(content))
    file[48:52] = b"\xff" * 4
    return bytes(file)


def read(text: str) -> list[Quote]:
    return read_rates(text.encode(), TODAY)


def test_rows_of_a_csv_are_read_to_the_digit() -> None:
    assert read(HEAD + "2026-10-30,EUR,usd, 1.092100000000000001\n\n2026-10-31,usd,jpy,150\n") == [
        Quote("eur", "usd", date(2026, 10, 30), Decimal("1.092100000000000001"), "csv"),
        Quote("usd", "jpy", date(2026, 10, 31), Decimal(150), "csv"),
    ]


@pytest.mark.parametrize("content", [REFERENCE, zipped(REFERENCE), b"\xef\xbb\xbf" + REFERENCE])
def test_the_central_banks_file_tells_what_a_euro_bought_without_what_it_does_not_know(
    content: bytes,
) -> None:
    assert [(one.quote, one.on, str(one.rate), one.source) for one in read_rates(content, TODAY)] == [
        ("usd", date(2026, 10, 30), "1.25", "ecb_file"),
        ("jpy", date(2026, 10, 30), "160.00", "ecb_file"),
        ("usd", date(2026, 9, 30), "1.20", "ecb_file"),
        ("jpy", date(2026, 9, 30), "150.50", "ecb_file"),
        ("isk", date(2026, 9, 30), "142.1", "ecb_file"),
    ]


def test_the_later_line_of_one_day_stands() -> None:
    found = read(HEAD + "2026-10-30,eur,usd,1.1\n2026-10-30,eur,usd,1.2\n")
    assert [one.rate for one in found] == [Decimal("1.2")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2026-10-32,eur,usd,1", "Line 2: '2026-10-32' is not a day"),
        ("2026-11-22,eur,usd,1", "Line 2: 2026-11-22 lies ahead"),
        ("1998-12-31,eur,usd,1", "Line 2: 1998-12-31 lies ahead, or before the euro began"),
        ("2026-10-30,eur,uds,1", "Line 2: 'uds' is not a currency"),
        ("2026-10-30,eur,eur,1", "Line 2: base and quote are the same currency"),
        ("2026-10-30,eur,usd,0", "Line 2: '0' is not a rate"),
        ("2026-10-30,eur,usd,0.000", "Line 2: '0.000' is not a rate"),
        ("2026-10-30,eur,usd,-1.1", "Line 2: '-1.1' is not a rate"),
        ("2026-10-30,eur,usd,1e3", "Line 2: '1e3' is not a rate"),
        ("2026-10-30,eur,usd,NaN", "Line 2: 'NaN' is not a rate"),
        ("2026-10-30,eur,usd,٣", "Line 2: '٣' is not a rate"),
        ('2026-10-30,eur,usd,"1,09"', "Line 2: '1,09' is not a rate"),
        ("2026-10-30,eur,usd", "Line 2: it must hold a date, a base, a quote and a rate"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(line: str, words: str) -> None:
    with pytest.raises(BadRatesError) as refused:
        read(f"{HEAD}{line}\n2026-10-30,eur,usd,1.1\n")
    assert words in str(refused.value)
    assert str(refused.value).endswith("Nothing was stored.")


def test_every_wrong_line_counts_and_ten_are_named() -> None:
    with pytest.raises(BadRatesError) as refused:
        read(HEAD + "2026-10-30,eur,usd,x\n" * 12)
    assert "Line 11:" in str(refused.value)
    assert "Line 12:" not in str(refused.value)
    assert "2 more lines are wrong." in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Line 1 must read date,base,quote,rate"),
        (b"day,pair,rate\n", "Line 1 must read date,base,quote,rate"),
        (HEAD.encode(), "The file holds no rate."),
        (b"Date,USD\n2026-10-30,N/A\n", "The file holds no rate."),
        (b"Date,USD\n2026-10-30,x\n", "Line 2: 'x' is not a rate"),
        (b"Date,USD,JPY\n2026-10-30,1.1\n", "Line 2: it has fewer columns than the first line."),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"PK\x03\x04 broken", "The archive cannot be opened."),
        (spoilt(HEAD.encode() * 40), "The archive cannot be opened."),
        (HEAD.encode() + b"a" * 200_000, "Line 2: field larger than field limit"),
        (zipped(bytes(MOST_BYTES + 1)), "one CSV file of at most 50 MB"),
    ],
)
def test_what_is_no_file_of_rates_is_refused_with_what_would_be(content: bytes, words: str) -> None:
    with pytest.raises(BadRatesError, match=words):
        read_rates(content, TODAY)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEAD + text).encode()))
def test_whatever_is_uploaded_is_read_or_refused(content: bytes) -> None:
    found = []
    with suppress(BadRatesError):
        found = read_rates(content, TODAY)
    assert all(one.rate > 0 and one.on <= TODAY for one in found)


def test_a_text_within_an_archive_is_the_text() -> None:
    assert text_of(zipped(REFERENCE)) == REFERENCE.decode()
