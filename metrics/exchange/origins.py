"""What a converted figure is made of: each currency's own amount, its rates, and what that comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from metrics.exchange.converting import MOVEMENTS, SIGNS, Exchange, Reported, rates_of, scaled
from metrics.exchange.quotes import Rate
from metrics.flows import Month

LOST = ("contraction", "churn")
CLOSING = {"mrr": 1, "arr": 12}
FIGURES = ("starting", *(name.removesuffix("_micro") for name in MOVEMENTS), "net_new", *CLOSING, "currency")


@dataclass(frozen=True, slots=True)
class Origin:
    """One currency's part: amounts lost are negative; a rate that does not count is None."""

    own: Month
    amount_micro: int
    opening: Rate | None
    closing: Rate | None
    converted_micro: int


def origins(history: Reported, month: date, figure: str) -> tuple[list[Origin], int]:
    """Return the parts of one figure of a month, and the figure: they sum to it to the micro unit."""
    (whole,) = history.last(1, history.exchange.to, until=month)
    total, parts = amount_of(whole, figure), history.parts(month)
    every = [(own, _converted(own, figure, history.exchange)) for own in parts]
    found = [(own, each) for own, each in every if each or amount_of(own, figure)]
    # Rounding alone can leave a figure that no currency has.
    found = found or (every[:1] if total else [])
    rows = _rounded([each for _, each in found], total)
    return [_origin(own, figure, history, row) for (own, _), row in zip(found, rows, strict=True)], total


def amount_of(month: Month, figure: str) -> int:
    """Return one figure of a month in its own currency, signed as the rows that it opens."""
    if figure == "net_new":
        return sum(sign * getattr(month, name) for name, sign in SIGNS.items())
    if figure in CLOSING:
        return CLOSING[figure] * month.ending_micro
    amount: int = getattr(month, f"{figure}_micro")
    return -amount if figure in LOST else amount


def _origin(own: Month, figure: str, history: Reported, converted_micro: int) -> Origin:
    used = rates_of(own, history.exchange)
    opens, closes = figure not in CLOSING, figure in CLOSING or figure == "currency"
    return Origin(
        own,
        own.ending_micro if figure == "currency" else amount_of(own, figure),
        used.opening if opens else None,
        used.closing if closes else None,
        converted_micro,
    )


def _converted(own: Month, figure: str, exchange: Exchange) -> Fraction:
    used = rates_of(own, exchange)
    opening, closing = (scaled(rate) if rate else Fraction(1) for rate in (used.opening, used.closing))
    if figure == "currency":
        return own.ending_micro * (closing - opening)
    return amount_of(own, figure) * (closing if figure in CLOSING else opening)


def _rounded(exact: Sequence[Fraction], whole: int) -> list[int]:
    """Round amounts so that they sum to the whole; the first takes what is over."""
    found = [round(each) for each in exact]
    if found:
        found[0] += whole - sum(found)
    return found
