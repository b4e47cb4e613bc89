"""What the filters of lists share: how their values are read from an address, and told as chips."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.locales import current
from dashboards.reasons import WORDS
from dashboards.selection import AddressError, Choice
from metrics.core.money import MICRO, decimals, major
from metrics.evidence.narrowing import INTERVAL
from metrics.evidence.wanted import Only

AMOUNT = re.compile(r"\d{1,15}(\.\d{1,3})?")
COUNTRY = re.compile(r"[A-Za-z]{2}")
INTERVALS = ("month", "3-month", "6-month", "year", "week", "day")
LONGEST_TEXT = 200
REASON = re.compile(r"[a-z_]+(:[a-z_]+)*")
LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that holds, and the address without it."""

    label: str
    url: str


def only_of(parameters: QueryDict, currency: str) -> Only:
    """Read what narrows a list of movements; AddressError says what is wrong."""
    least, most = (
        amount_micro(parameters.get(name, "").strip(), currency, name) for name in ("least", "most")
    )
    if least is not None and most is not None and least > most:
        raise AddressError(_("least is the smaller amount, most the larger one."), 400)
    return Only(
        least,
        most,
        _reason(parameters.get("reason", "")),
        interval_of(parameters.get("interval", "")),
        country_of(parameters.get("country", "")),
        text_of(parameters.get("text", "")),
    )


def _reason(text: str) -> str:
    if text and (len(text) > LONGEST_REASON or not REASON.fullmatch(text)):
        words = {"known": ", ".join(sorted(WORDS))}
        raise AddressError(_("A reason is one of %(known)s.") % words, 400)
    return text


def amount_micro(text: str, currency: str, name: str) -> int | None:
    """Read an amount in major units, such as 1250.50; AddressError says how."""
    if not text:
        return None
    places = decimals(currency)
    told = text if AMOUNT.fullmatch(text) else ""
    if not told or len(told.partition(".")[2]) > places:
        words = {"name": name, "currency": currency.upper(), "places": places}
        message = ngettext(
            "%(name)s is an amount of %(currency)s such as 1250: digits, with at most %(places)s decimal.",
            "%(name)s is an amount of %(currency)s such as 1250: digits, with at most %(places)s decimals.",
            places,
        )
        raise AddressError(message % words, 400)
    return int(Decimal(told).scaleb(places) * MICRO)


def written(amount: int | None, currency: str) -> str:
    """Return an amount as an address tells it."""
    if amount is None:
        return ""
    text = f"{major(amount, currency):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def country_of(text: str) -> str:
    """Read a country; AddressError says how."""
    if text and not COUNTRY.fullmatch(text):
        raise AddressError(_("A country is two letters, such as DE or US."), 400)
    return text.upper()


def interval_of(text: str) -> str:
    """Read an interval of billing; AddressError says how."""
    if text and not INTERVAL.fullmatch(text):
        message = _("An interval is day, week, month or year, or several of them such as 3-month.")
        raise AddressError(message, 400)
    return text


def text_of(text: str) -> str:
    """Read the beginning of a name, an address or an id; AddressError says how long it may be."""
    told = text.strip()
    if len(told) > LONGEST_TEXT or not told.isprintable():
        words = {"most": LONGEST_TEXT}
        message = ngettext(
            "Look for the beginning of a name, an e-mail address or an id, of at most %(most)s letter.",
            "Look for the beginning of a name, an e-mail address or an id, of at most %(most)s letters.",
            LONGEST_TEXT,
        )
        raise AddressError(message % words, 400)
    return told


def interval_words(interval: str) -> str:
    """Return every 3 months."""
    words: dict[str, str] = {
        "day": _("every day"),
        "week": _("every week"),
        "month": _("every month"),
        "3-month": _("every 3 months"),
        "6-month": _("every 6 months"),
        "year": _("every year"),
    }
    if interval in words:
        return words[interval]
    told, _hyphen, unit = interval.rpartition("-")
    count = int(told)
    several = {
        "day": ngettext("every %(count)s day", "every %(count)s days", count),
        "week": ngettext("every %(count)s week", "every %(count)s weeks", count),
        "month": ngettext("every %(count)s month", "every %(count)s months", count),
        "year": ngettext("every %(count)s year", "every %(count)s years", count),
    }
    return several[unit] % {"count": told}


def country_name(code: str) -> str:
    """Return a country's name in the reader's language, else its two letters."""
    return str(current().territories.get(code, code))


def options(values: Iterable[str], words: Callable[[str], str], chosen: str) -> list[Choice]:
    """Return what a list offers, with what is chosen even where it would not be among it."""
    known = list(dict.fromkeys([*values, *([chosen] if chosen else [])]))
    return [Choice(value, words(value), chosen=value == chosen) for value in known]


def chips(labels: Mapping[str, str], without: Callable[[str], str]) -> list[Chip]:
    """Return a chip for each filter that is named by its parameter."""
    return [Chip(label, without(name)) for name, label in labels.items() if label]
