"""A company is a function of its seed, its size and its founding."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_sync.sandbox.company import Company, generate
from tests.billing_sync.sandbox.conftest import NOW


def everything(company: Company) -> dict[str, list[object]]:
    return {kind: list(company.book.all(kind)) for kind in company.book.kinds()}


def test_the_same_seed_gives_the_same_company(company: Company) -> None:
    assert everything(generate(7, 50, NOW)) == everything(company)


def test_another_seed_gives_another_company(company: Company) -> None:
    assert everything(generate(8, 50, NOW)) != everything(company)


def test_moving_the_clock_on_gives_what_generating_later_would(company: Company) -> None:
    earlier = generate(7, 50, NOW - timedelta(days=300), founded=company.founded)
    for days in range(280, -1, -35):
        earlier.advance(int((NOW - timedelta(days=days)).timestamp()))
    assert everything(earlier) == everything(company)
    assert [life.ledger for life in earlier.lives] == [life.ledger for life in company.lives]


def test_a_company_has_as_many_customers_as_asked_for(company: Company) -> None:
    assert company.book.count("customer") == 50


def test_customers_keep_arriving_after_three_years() -> None:
    company = generate(7, 50, NOW)
    company.advance(int((NOW + timedelta(days=200)).timestamp()))
    assert company.book.count("customer") > 50


def test_the_clock_never_runs_back(company: Company) -> None:
    with pytest.raises(ValueError, match="forward only"):
        company.advance(company.now - 1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        generate(7, 1, datetime(2026, 1, 1))


def test_a_company_of_nobody_is_possible() -> None:
    assert generate(7, 0, datetime(2026, 1, 1, tzinfo=UTC)).book.count("customer") == 0
