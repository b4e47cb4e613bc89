"""Which rate stands for a day, and where it comes from."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from metrics.exchange.quotes import MissingRateError, Quote, Quotes

FRIDAY = date(2026, 10, 30)


def quoted(base: str, quote: str, rate: str, on: date = FRIDAY) -> Quote:
    return Quote(base, quote, on, Decimal(rate), "csv")


def test_a_weekend_takes_the_rate_of_its_friday() -> None:
    rate = Quotes.of([quoted("eur", "usd", "1.25")]).rate("eur", "usd", date(2026, 11, 1))
    assert (rate.on, rate.value) == (FRIDAY, Fraction(5, 4))


def test_the_reverse_of_a_pair_is_its_exact_reciprocal() -> None:
    assert Quotes.of([quoted("eur", "usd", "1.1")]).rate("usd", "eur", FRIDAY).value == Fraction(10, 11)


def test_two_legs_of_one_day_cross_through_the_euro() -> None:
    legs = [quoted("eur", "usd", "1.25"), quoted("eur", "jpy", "160")]
    rate = Quotes.of(legs).rate("jpy", "usd", FRIDAY)
    assert (rate.value, rate.quotes) == (Fraction(1, 128), tuple(legs[::-1]))


def test_legs_of_different_days_never_cross() -> None:
    legs = [quoted("eur", "usd", "1.25", date(2026, 10, 29)), quoted("eur", "jpy", "160")]
    with pytest.raises(MissingRateError):
        Quotes.of(legs).rate("jpy", "usd", FRIDAY)


def test_the_pair_itself_goes_before_a_cross_of_the_same_day_and_after_one_of_a_later_day() -> None:
    legs = [quoted("eur", "usd", "1.25"), quoted("eur", "jpy", "160")]
    own = quoted("jpy", "usd", "0.007")
    assert Quotes.of([*legs, own]).rate("jpy", "usd", FRIDAY).quotes == (own,)
    earlier = quoted("jpy", "usd", "0.007", date(2026, 10, 29))
    assert Quotes.of([*legs, earlier]).rate("jpy", "usd", FRIDAY).on == FRIDAY


def test_a_rate_serves_for_a_week_and_no_longer() -> None:
    quotes = Quotes.of([quoted("eur", "usd", "1.25")])
    assert quotes.rate("eur", "usd", date(2026, 11, 6)).on == FRIDAY
    with pytest.raises(MissingRateError) as missing:
        quotes.rate("eur", "usd", date(2026, 11, 7))
    assert str(missing.value) == (
        "There is no exchange rate from EUR to USD for 7 November 2026 or the 7 days before it."
    )


def test_a_later_rate_never_serves_an_earlier_day() -> None:
    with pytest.raises(MissingRateError):
        Quotes.of([quoted("eur", "usd", "1.25")]).rate("eur", "usd", date(2026, 10, 29))


def test_a_currency_is_worth_itself_without_any_rate() -> None:
    assert Quotes().rate("usd", "usd", FRIDAY).value == 1
