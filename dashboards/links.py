"""An address behind a number, and what its rows come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote_plus

from django.urls import reverse

from metrics.core.rates import Rate

# A page's addresses name the same months, currencies and kinds over and over.
quoted = lru_cache(maxsize=4_096)(quote_plus)


@lru_cache(maxsize=1_024)
def page(name: str, slug: str) -> str:
    """Return the address of one of an organization's pages."""
    return reverse(name, args=[slug])


# Hundreds are made for a page, and a frozen one takes three times as long.
@dataclass(slots=True)
class Link:
    """An address, and what its rows come to: an amount, a number of customers or a rate."""

    url: str
    amount_micro: int | None = None
    count: int | None = None
    rate: Rate = None


def query(asked: Mapping[str, str]) -> str:
    """Return what an address asks for, as `urlencode` writes it; its names are plain."""
    return "&".join([f"{name}={quoted(value)}" for name, value in asked.items()])
