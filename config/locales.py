"""Which locale words, numbers and dates are written in: that of whoever reads.

The active language of a request is a whole locale (`de-ch`): its words come from the catalogue of `de`, its
numbers and dates from what Babel knows of German in Switzerland.
"""

from functools import cache

from babel import Locale, UnknownLocaleError, localedata
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation.trans_real import parse_accept_lang_header

# English that names no country writes days before months, as most who read it do.
PLAIN_DATES = {"en": "en-gb"}


def wanted(accepted: str, chosen: str = "") -> str:
    """Return the locale for an Accept-Language header and the language that a person chose, if she did.

    A chosen language takes its region from the header: `de` before a browser that accepts de-CH is de-ch.
    """
    offered = [tag for tag, _ in parse_accept_lang_header(accepted.lower())]
    known = [found for tag in offered if (found := _supported(tag))]
    if chosen:
        return next((tag for tag in known if _language(tag) == chosen), chosen)
    return next(iter(known), settings.LANGUAGE_CODE)


@cache
def locale_of(tag: str) -> Locale:
    """Return what Babel knows of a locale, else of its language."""
    for candidate in (tag, _language(tag), settings.LANGUAGE_CODE):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise UnknownLocaleError(tag)


def current() -> Locale:
    """Return the locale to write numbers in."""
    return locale_of(get_language() or settings.LANGUAGE_CODE)


def current_for_dates() -> Locale:
    """Return the locale to write dates in."""
    tag = get_language() or settings.LANGUAGE_CODE
    return locale_of(PLAIN_DATES.get(tag, tag))


@cache
def _languages() -> frozenset[str]:
    return frozenset(code for code, _ in settings.LANGUAGES)


def _language(tag: str) -> str:
    return tag.partition("-")[0]


def _supported(tag: str) -> str:
    """Return the tag, or only its language where Babel knows no such region; nothing for another language."""
    language, _, region = tag.partition("-")
    if language not in _languages():
        return ""
    known = len(region) in (2, 3) and localedata.exists(f"{language}_{region.upper()}")
    return tag if known else language
