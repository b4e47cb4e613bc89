"""The commands' output, word by word, over an account synced through the real road or an archive."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import call_command

from accounts.models import Organization
from billing_sync.sandbox import truth
from billing_sync.sandbox.keys import FULL_KEY
from config.clock import set_now
from tests.conftest import TODAY, Account

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
