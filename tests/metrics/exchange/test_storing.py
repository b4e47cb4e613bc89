"""Rates in the database: all of a file or none, each day once, each organization its own."""

from datetime import date

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from config.clock import set_now
from metrics.exchange.models import ExchangeRate
from metrics.exchange.quotes import MissingRateError
from metrics.exchange.reading import BadRatesError
from metrics.exchange.storing import quotes_of
from metrics.exchange.storing import stored as pairs
from tests.dashboards.revenue import NOW
from tests.metrics.exchange.files import REFERENCE, stored

HEAD = b"date,base,quote,rate\n"


def rates(organization: Organization) -> list[tuple[str, str, str, str]]:
    with tenant(organization.id):
        rows = ExchangeRate.objects.order_by("on", "quote").values_list("on", "quote", "rate", "source")
        return [(f"{on}", quote, rate, source) for on, quote, rate, source in rows]


def test_a_file_takes_the_place_of_the_same_days_and_leaves_the_others(organization: Organization) -> None:
    with set_now(NOW):
        assert stored(organization.id, REFERENCE) == 5
        assert stored(organization.id, REFERENCE) == 0
        assert stored(organization.id, HEAD + b"2026-10-30,eur,usd,1.3\n2026-10-29,eur,usd,1.250\n") == 2
        with pytest.raises(BadRatesError):
            stored(organization.id, HEAD + b"2026-10-28,eur,usd,1.3\n2026-10-27,eur,usd,0\n")
    assert rates(organization) == [
        ("2026-09-30", "isk", "142.1", "ecb_file"),
        ("2026-09-30", "jpy", "150.5", "ecb_file"),
        ("2026-09-30", "usd", "1.2", "ecb_file"),
        ("2026-10-29", "usd", "1.25", "csv"),
        ("2026-10-30", "jpy", "160", "ecb_file"),
        ("2026-10-30", "usd", "1.3", "csv"),
    ]
    with tenant(organization.id):
        found = [(one.quote, one.first.day, one.last.day, one.days) for one in pairs(organization.id)]
    assert found == [("isk", 30, 30, 1), ("jpy", 30, 30, 2), ("usd", 30, 30, 3)]


def test_only_rates_that_could_stand_for_a_day_are_read(
    organization: Organization, other_organization: Organization
) -> None:
    with set_now(NOW):
        stored(organization.id, REFERENCE)
    with tenant(organization.id):
        found = quotes_of(organization.id, ["usd", "jpy"], [date(2026, 10, 31)])
    assert {(one.quote, one.on.month) for one in found.known.values()} == {("usd", 10), ("jpy", 10)}
    with tenant(other_organization.id):
        theirs = quotes_of(other_organization.id, ["usd", "eur"], [date(2026, 10, 31)])
        with pytest.raises(MissingRateError):
            theirs.rate("usd", "eur", date(2026, 10, 31))
