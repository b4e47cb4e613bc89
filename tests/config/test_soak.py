from pathlib import Path

import pytest

from tests import soak


def test_a_scenario_is_reduced_unless_asked_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "FULL_SIZE", False)
    assert soak.sized(50, 500) == 50
    monkeypatch.setattr(soak, "FULL_SIZE", True)
    assert soak.sized(50, 500) == 500


def test_a_report_names_each_scenario_its_time_and_its_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(soak, "REPORTS", tmp_path)
    ran = pytest.TestReport(
        "tests/x.py::test_y", ("x", 1, "y"), {}, "passed", None, "call", duration=2.25, start=0, stop=2.25
    )
    ran.user_properties = [("customers", 500)]
    text = soak.write_report([ran], []).read_text()
    assert "| `tests/x.py::test_y` | passed | 2.2 | customers 500 |" in text
    assert "Commit `" in text
