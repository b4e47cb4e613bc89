"""`manage.py metrics --in`: figures in one currency with the rates behind them, or the missing one's name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from config.clock import set_now
from tests.dashboards.revenue import NOW, add_revenue, computed
from tests.metrics.exchange.files import monthly, stored

RATES = {"jul": "0.5", "aug": "0.8", "sep": "0.9", "oct": "1", "now": "0.5"}


@pytest.fixture(autouse=True)
def _business(organization: Organization) -> Iterator[None]:
    with set_now(NOW):
        key = computed(organization)
        for currency in ("eur", "usd"):
            add_revenue(organization, key, currency)
        yield


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    call_command("metrics", "acme", *words)
    return json.loads(capsys.readouterr().out)


def test_months_are_converted_and_tell_their_rates(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(organization.id, monthly("eur/usd", **RATES))
    october, november = printed(capsys, "--months", "2", "--in", "USD")
    figures = october["recurring_revenue"]
    assert (october["currency"], figures["ending_mrr"], figures["currency_mrr"]) == ("usd", 22806.67, 1140.33)
    assert november["recurring_revenue"]["currency_mrr"] == -5701.67
    assert october["exchange"]["rates"] == [
        {
            "currency": "eur",
            "opening": {"rate": "9/10", "on": "2026-09-30", "quotes": ["eur/usd 0.9 csv"]},
            "closing": {"rate": "1", "on": "2026-10-30", "quotes": ["eur/usd 1 csv"]},
        }
    ]


def test_constant_rates_are_those_of_the_last_month(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(organization.id, monthly("eur/usd", now="0.5"))
    shown = printed(capsys, "--months", "4", "--in", "usd", "--constant")
    assert [one["recurring_revenue"]["currency_mrr_micro"] for one in shown] == [0] * 4
    assert shown[0]["recurring_revenue"]["ending_mrr"] == 15_000
    assert {one["exchange"]["rates"][0]["closing"]["rate"] for one in shown} == {"1/2"}


def test_a_missing_rate_ends_the_command_with_its_day_and_pair(organization: Organization) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("metrics", "acme", "--month", "2026-09", "--in", "usd")
    assert refused.value.returncode == 1
    assert str(refused.value) == (
        "There is no exchange rate from EUR to USD for 31 August 2026 or the 7 days before it. "
        "Upload it at /o/acme/audit/rates/, or have it fetched there."
    )


@pytest.mark.parametrize(
    "words",
    [("--in", "zzz"), ("--constant",), ("--in", "usd", "--currency", "eur"), ("--in", "", "--constant")],
)
def test_a_conversion_that_cannot_be_meant_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="--in takes a code such as eur") as refused:
        call_command("metrics", "acme", *words)
    assert refused.value.returncode == 2
