"""Settings as data."""

from decimal import Decimal
from typing import Any

import pytest

from metrics.alerts.rules import AlertSettings
from metrics.core.definition import Definition
from metrics.settings import SettingError, changed, settings


def test_the_defaults_survive_being_stored() -> None:
    assert changed(Definition(), settings(Definition())) == Definition()
    assert changed(AlertSettings(), settings(AlertSettings())) == AlertSettings()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("discounts", "all", "all"),
        ("past_due_grace_days", "14", 14),
        ("past_due_grace_days", "none", None),
        ("require_first_payment", "False", False),
        ("paused_counts", "yes", True),
        ("time_zone", "Asia/Kolkata", "Asia/Kolkata"),
    ],
)
def test_text_becomes_a_setting(key: str, text: str, value: Any) -> None:
    assert settings(changed(Definition(), {key: text}))[key] == value


def test_a_threshold_is_an_exact_decimal() -> None:
    assert changed(AlertSettings(), {"revenue_churn_threshold": "0.05"}).revenue_churn_threshold == Decimal(
        "0.05"
    )


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("discount", "all", "The settings are churn_at"),
        ("discounts", "some", "forever_and_repeating"),
        ("paused_counts", "maybe", "Use one of true"),
        ("past_due_grace_days", "soon", "Use a number above 0"),
        ("past_due_grace_days", "0", "Use a number above 0"),
        ("past_due_grace_days", "99999999", "Use a number above 0"),
        ("time_zone", "Mars/Olympus", "Europe/Paris"),
        ("time_zone", "../etc", "Europe/Paris"),
    ],
)
def test_a_bad_setting_says_what_would_do(key: str, text: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        changed(Definition(), {key: text})


@pytest.mark.parametrize("text", ["lots", "nan", "-1"])
def test_a_bad_threshold_says_what_would_do(text: str) -> None:
    with pytest.raises(SettingError, match="Use a number above 0"):
        changed(AlertSettings(), {"nrr_warning": text})
