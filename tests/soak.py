"""Scenarios run reduced by `make test` and at full size by `make soak`, which writes a report of it."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.environment import PROJECT

FULL_SIZE = os.environ.get("SOAK") == "1"
REPORTS = PROJECT / "benchmarks" / "reports"


def sized(reduced: int, full: int) -> int:
    """Return the size that this run gives a scenario marked `soak`."""
    return full if FULL_SIZE else reduced


def write_report(passed: Sequence[pytest.TestReport], failed: Sequence[pytest.TestReport]) -> Path:
    """Write what ran, where, how long it took and what it counted (`record_property`)."""
    at = datetime.now(UTC)
    REPORTS.mkdir(parents=True, exist_ok=True)
    file = REPORTS / f"{at:%Y-%m-%d-%H%M}-soak.md"
    rows = [row(report, "passed") for report in passed if report.when == "call"]
    rows += [row(report, "**failed**") for report in failed]
    memory = psutil.virtual_memory().total / 2**30
    head = [
        f"# Soak of {at:%Y-%m-%d %H:%M} UTC",
        "",
        f"Commit `{commit()}`; {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}.",
        "",
        "| scenario | result | seconds | counts |",
        "| --- | --- | ---: | --- |",
    ]
    file.write_text("\n".join([*head, *sorted(rows), ""]))
    return file


def row(report: pytest.TestReport, result: str) -> str:
    counts = ", ".join(f"{name} {value}" for name, value in report.user_properties)
    return f"| `{report.nodeid}` | {result} | {report.duration:.1f} | {counts} |"


def commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"
