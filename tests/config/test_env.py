from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize(("text", "meant"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_the_usual_spellings_are_booleans(monkeypatch: pytest.MonkeyPatch, text: str, meant: bool) -> None:
    monkeypatch.setenv("DEBUG", text)
    assert env.boolean("DEBUG") is meant


def test_an_unset_boolean_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    assert env.boolean("DEBUG", default=True) is True


def test_any_other_spelling_of_a_boolean_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be true or false, not 'maybe'"):
        env.boolean("DEBUG")


def test_a_number_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8080")
    assert env.integer("PORT", 8000) == 8080


def test_a_word_for_a_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number, not 'http'"):
        env.integer("PORT", 8000)


def test_an_empty_text_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "")
    assert env.text("BASE_URL", "http://localhost") == "http://localhost"


def test_words_are_split_at_commas_and_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,,")
    assert env.words("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_path_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "~/millrace")
    assert env.path("DATA_DIR", Path()) == Path.home() / "millrace"
