"""What is written in bulk reads back as it was, whatever Stripe's ids and words are."""

from fractions import Fraction
from uuid import uuid4

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from metrics.build import rows, stored
from metrics.build.write import Build, Scope, fill, replace
from metrics.core.history import Configuration
from metrics.core.pricing import Applied
from metrics.models import CustomerBalance
from metrics.periods import parse_day, parse_month

LONG = "si_" + "é" * 252
PLAIN = Configuration("sub_1", "si_1", 1_700_000_000, None, "price_1", 3, "usd")
STRANGE = Configuration(
    "sub_🙂",
    LONG,
    0,
    1_900_000_000,
    "",
    0,
    "xyzzy",
    status="frozen_by_moonlight",
    paid=False,
    unpaid_since=1_800_000_000,
    discounts=(Applied(True, "di_1", "off 20"), Applied(False, "di_2", "")),
    tax_share=None,
    usage=Fraction(10, 3),
    cancellation='cancellation:"quoted"\n',
    evidence=("il_1", "NULL", "", "{}"),
    end_exact=False,
)


def test_history_reads_back_as_it_was_written(organization: Organization) -> None:
    connection, build = uuid4(), Build(organization.id)
    with tenant(organization.id):
        written = [rows.configuration_row(connection, "cus_🙂", one) for one in (PLAIN, STRANGE)]
        assert replace(rows.CONFIGURATION, build, Scope(connection), written) == 2
        found = stored.configurations(organization.id, Scope(connection, ["cus_🙂"]))
    assert sorted(found["cus_🙂"], key=lambda one: one.start) == [STRANGE, PLAIN]


def test_only_rows_that_differ_are_written(organization: Organization) -> None:
    connection, build = uuid4(), Build(organization.id)
    changed = rows.configuration_row(connection, "cus_2", PLAIN)
    first = [rows.configuration_row(connection, "cus_1", PLAIN), changed]
    second = [first[0], (*changed[:7], 4, *changed[8:])]
    with tenant(organization.id):
        assert replace(rows.CONFIGURATION, build, Scope(connection), first) == 2
        assert replace(rows.CONFIGURATION, build, Scope(connection), first) == 0
        assert replace(rows.CONFIGURATION, build, Scope(connection), second) == 2
        assert replace(rows.CONFIGURATION, build, Scope(connection), []) == 2


def test_of_two_rows_under_one_key_the_first_fills_a_new_build(organization: Organization) -> None:
    connection = uuid4()
    first, second = (
        ("usd", connection, customer, amount, 0, 0, None) for customer, amount in (("cus_1", 1), ("cus_2", 2))
    )
    build = Build(organization.id, 1, 1)
    with tenant(organization.id):
        assert fill(rows.BALANCE, build, [first, second, (*first[:3], 3, 0, 0, None)]) == 2
        assert fill(rows.BALANCE, build, []) == 0
        found = CustomerBalance.objects.order_by("customer_id").values_list("customer_id", "mrr_micro")
        assert [*found] == [("cus_1", 1), ("cus_2", 2)]


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "202610", "2026-10-01", "october", "2026-1x", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        parse_month(text)


@pytest.mark.parametrize("text", ["2026-02-30", "20261001", "2026-10", "today", "2026-W40-1"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a day"):
        parse_day(text)
