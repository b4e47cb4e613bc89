"""The commands' output, word by word, over an account synced through the real road or an archive."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from billing_sync.sandbox import truth
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.keys import FULL_KEY
from config.clock import set_now
from tests.conftest import TODAY, Account
from tests.metrics.seeding import mirrored

FIGURES = {
    "starting": "starting_mrr",
    "new": "new_mrr",
    "expansion": "expansion_mrr",
    "reactivation": "reactivation_mrr",
    "contraction": "contraction_mrr",
    "churn": "churned_mrr",
    "ending": "ending_mrr",
}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command at the account's present and return what it printed."""
    capsys.readouterr()
    with set_now(TODAY):
        call_command(*words)
    return capsys.readouterr().out


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def assert_truth(capsys: pytest.CaptureFixture[str], account: Account, zone: str) -> None:
    """Compare every month, movement and customer with what the company knows."""
    company = account.company
    months = json.loads(run(capsys, "metrics", "acme", "--months", "37"))
    shown = {one["period"]["start"][:7]: one["recurring_revenue"] for one in months}
    for name, figures in truth.totals(company, zone, "day")["usd"].items():
        assert {key: shown[name][f"{FIGURES[key]}_micro"] for key in figures} == figures
    for window in ("day", "month", "event"):
        rows = table(run(capsys, "movements", "acme", "--window", window))
        assert rows == sorted(rows, key=lambda row: (row["date"], row["customer_id"], row["currency"]))
        assert sorted(named(row, window) for row in rows) == sorted(
            (row["window"], row["customer"], row["currency"], row["kind"], row["amount_micro"])
            for row in truth.movements(company, zone, window)
        )
    customers = table(run(capsys, "customers", "acme"))
    assert {(row["customer_id"], row["currency"]): int(row["mrr_micro"]) for row in customers} == (
        truth.mrr_at(company, company.now)
    )


def named(row: dict[str, str], window: str) -> tuple[str, str, str, str, int]:
    """Return a printed movement as the truth words it."""
    names = {"day": row["date"], "month": row["date"][:7]}
    if window == "event":
        names["event"] = f"{int(datetime.fromisoformat(row['at']).timestamp()):012d}"
    return names[window], row["customer_id"], row["currency"], row["kind"], int(row["amount_micro"])


def test_a_synced_account_prints_the_truth(
    organization: Organization,
    sandbox: Callable[..., Account],
    capsys: pytest.CaptureFixture[str],
) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone="Pacific/Auckland")
    account = sandbox(size=40)
    run(capsys, "connect_stripe", "acme", "--api-key", FULL_KEY, "--api-base", account.base_url)
    run(capsys, "sync", "acme")
    assert_truth(capsys, account, "Pacific/Auckland")


def test_an_archive_of_events_prints_the_same_truth(
    organization: Organization,
    sandbox: Callable[..., Account],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    account = sandbox(size=30)
    archive = tmp_path / "events.jsonl"
    with urlopen(f"{account.base_url}/_sandbox/events.jsonl") as answer:
        archive.write_bytes(answer.read())
    run(capsys, "import_events", "acme", str(archive))
    assert_truth(capsys, account, "UTC")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("metrics", "nobody"), "There is no organization 'nobody'"),
        (("metrics", "acme", "--month", "2026-13"), "'2026-13' is not a month"),
        (("metrics", "acme", "--month", "2027-01"), "The month 2027-01 has not begun"),
        (("metrics", "acme", "--months", "0"), "a number from 1 to 1200"),
        (("metrics", "acme", "--currency", "zzz"), "'zzz' is not a currency"),
        (("movements", "acme", "--from", "2026-02-30"), "'2026-02-30' is not a day"),
        (("movements", "acme", "--from", "2026-02-02", "--to", "2026-02-01"), "--from lies after --to"),
        (("customers", "acme", "--on", "2027-01-01"), "The day 2027-01-01 has not begun"),
        (("set_definition", "acme", "movement_window"), "is not KEY=VALUE"),
        (("set_definition", "acme", "movement_window=year"), "Use one of day, event, month"),
        (("recompute", "nobody"), "There is no organization 'nobody'"),
    ],
)
def test_a_wrong_argument_ends_with_a_clear_word(
    organization: Organization, words: tuple[str, ...], message: str
) -> None:
    with set_now(TODAY), pytest.raises(CommandError) as refused:
        call_command(*words)
    assert message in str(refused.value)
    assert refused.value.returncode == 2 or "argument" in str(refused.value)


def test_an_account_without_anything_prints_zeros(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    Organization.objects.filter(id=organization.id).update(currency="")
    run(capsys, "recompute", "acme")
    model = json.loads(run(capsys, "metrics", "acme", "--month", "2026-10"))
    assert model["recurring_revenue"]["ending_mrr_micro"] == 0
    assert model["recurring_revenue"]["nrr"] is None
    assert (model["currency"], model["data_through"]) == (None, None)
    assert model["as_of"] == "2026-11-01T00:00:00Z"
    assert run(capsys, "movements", "acme").splitlines() == [
        "date,customer_id,kind,amount_micro,currency,subscription_ids,reasons"
    ]
    assert json.loads(run(capsys, "customers", "acme", "--format", "json")) == []


def test_a_currency_without_revenue_is_refused_with_those_that_have_some(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    mirrored(organization, generate(seed=2, size=3, now=TODAY))
    run(capsys, "recompute", "acme")
    with pytest.raises(CommandError, match=r"There is no revenue in 'eur'\. This organization has usd\."):
        run(capsys, "metrics", "acme", "--currency", "eur")
    assert json.loads(run(capsys, "metrics", "acme", "--currency", "USD"))["currency"] == "usd"


def test_money_is_written_in_major_units_beside_micro_units(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    mirrored(organization, generate(seed=2, size=6, now=TODAY))
    run(capsys, "recompute", "acme")
    shown = json.loads(run(capsys, "metrics", "acme"), parse_float=Decimal)
    figures, rules = shown["recurring_revenue"], shown["definitions"]
    assert figures["ending_mrr_micro"] > 0
    assert figures["arr_micro"] == 12 * figures["ending_mrr_micro"]
    assert figures["ending_mrr"] == round(Decimal(figures["ending_mrr_micro"]) / 10**8, 2)
    assert (rules["version"], rules["movement_window"]) == (1, "day")
    assert shown["alerts"]["revenue_churn_threshold"] == Decimal("0.03")
    assert shown["period"] == {"start": "2026-11-01", "end": "2026-12-01", "time_zone": "UTC"}
    assert (shown["as_of"], shown["data_through"]) == ("2026-11-15T12:00:00Z",) * 2


def test_a_definition_set_by_command_is_computed_before_it_returns(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    mirrored(organization, generate(seed=2, size=6, now=TODAY))
    run(capsys, "recompute", "acme")
    printed = json.loads(run(capsys, "set_definition", "acme", "movement_window=month"))
    assert (printed["version"], printed["movement_window"]) == (2, "month")
    assert json.loads(run(capsys, "metrics", "acme"))["definitions"]["version"] == 2
    months = table(run(capsys, "movements", "acme", "--window", "month", "--from", "2026-01-01"))
    sums = [json.loads(run(capsys, "metrics", "acme", "--month", "2026-03"))["recurring_revenue"]]
    of_march = [row for row in months if row["date"] == "2026-03-01"]
    assert sum(int(row["amount_micro"]) for row in of_march) == (
        sums[0]["ending_mrr_micro"] - sums[0]["starting_mrr_micro"]
    )


def test_customers_are_those_at_the_end_of_the_local_day(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    company = generate(seed=4, size=10, now=TODAY)
    Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
    mirrored(organization, company)
    run(capsys, "recompute", "acme")
    printed = table(run(capsys, "customers", "acme", "--on", "2026-06-30"))
    end = int(datetime(2026, 7, 1, 7, tzinfo=UTC).timestamp()) - 1
    assert {(row["customer_id"], row["currency"]): int(row["mrr_micro"]) for row in printed} == (
        truth.mrr_at(company, end)
    )
