"""Scenarios run reduced by `make test` and at full size by `make soak`, which writes a report of it."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import machine

FULL_SIZE = os.environ.get("SOAK") == "1"
REPORTS = machine.REPORTS


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
    head = [
        f"# Soak of {at:%Y-%m-%d %H:%M} UTC",
        "",
        machine.described(),
        "",
        "| scenario | result | seconds | counts |",
        "| --- | --- | ---: | --- |",
    ]
    file.write_text("\n".join([*head, *sorted(rows), ""]))
    return file


def row(report: pytest.TestReport, result: str) -> str:
    counts = ", ".join(f"{name} {value}" for name, value in report.user_properties)
    return f"| `{report.nodeid}` | {result} | {report.duration:.1f} | {counts} |"
