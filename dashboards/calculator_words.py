"""The words that pasted tables may hold: those of the page's language first, then those of every other."""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from dashboards.closing_words import FIGURES

Text = str | Promise
Words = dict[str, dict[str, str]]
NAMED = ("starting", "new", "expansion", "reactivation", "contraction", "churn")
MOVEMENTS: dict[str, Text] = {name: FIGURES[name] for name in NAMED}
# Commas part the words of one meaning; the first is the one that the page names.
KINDS: dict[str, Text] = {
    "starting": pgettext_lazy("words in a table, parted by commas", "start, starting, starting MRR"),
    "new": pgettext_lazy("words in a table, parted by commas", "new, new MRR"),
    "expansion": pgettext_lazy("words in a table, parted by commas", "expansion, expansion MRR, upgrade"),
    "reactivation": pgettext_lazy(
        "words in a table, parted by commas", "reactivation, reactivation MRR, reactivated"
    ),
    "contraction": pgettext_lazy(
        "words in a table, parted by commas", "contraction, contraction MRR, downgrade"
    ),
    "churn": pgettext_lazy("words in a table, parted by commas", "churned, churn, churned MRR, lost"),
}
INTERVALS: dict[str, Text] = {
    "day": pgettext_lazy("words in a table, parted by commas", "day, days, daily"),
    "week": pgettext_lazy("words in a table, parted by commas", "week, weeks, weekly"),
    "month": pgettext_lazy("words in a table, parted by commas", "month, months, monthly"),
    "quarter": pgettext_lazy("words in a table, parted by commas", "quarter, quarters, quarterly"),
    "year": pgettext_lazy("words in a table, parted by commas", "year, years, yearly, annual, annually"),
}
SEVERAL = pgettext_lazy("an interval in a table", "3 months")
RETURNING: dict[str, Text] = {
    "yes": pgettext_lazy("words in a table, parted by commas", "yes, y, back, returning"),
}
SIGNS = dict.fromkeys(("1", "true", "x"), "yes")


def known_words(language: str) -> Words:
    """Return what each word means, as a page in the language reads it."""
    order = sorted((code for code, _ in settings.LANGUAGES), key=lambda code: code != language)
    found: Words = {"kinds": {}, "intervals": {}, "returning": dict(SIGNS)}
    for code in order:
        for group, words in words_of(code).items():
            found[group] = words | found[group]
    return found


@cache
def words_of(language: str) -> Words:
    """Return what the words of one language mean."""
    with translation.override(language):
        return {
            "kinds": dict(_parted(KINDS)) | {plain(str(label)): kind for kind, label in MOVEMENTS.items()},
            "intervals": dict(_parted(INTERVALS)),
            "returning": dict(_parted(RETURNING)),
        }


def named(meanings: Mapping[str, Text]) -> list[str]:
    """Return the word of each meaning that the page names."""
    return [str(words).split(",")[0].strip() for words in meanings.values()]


def plain(word: str) -> str:
    """Return a word without accents, capitals and needless spaces, as tables are compared."""
    bare = (sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    return " ".join("".join(bare).lower().split())


def _parted(meanings: Mapping[str, Text]) -> Iterator[tuple[str, str]]:
    for meaning, words in meanings.items():
        for word in str(words).split(","):
            yield plain(word), meaning
