"""Every language has every word: nothing lacks, lingers, or has other placeholders and plural forms."""

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from django.conf import settings
from django.utils import translation

from config import translations


@pytest.fixture(scope="module")
def template() -> Catalog:
    return translations.extracted()


@pytest.mark.parametrize("language", translations.languages())
def test_a_language_is_complete(language: str, template: Catalog) -> None:
    assert translations.problems(language, template) == []


def test_no_message_stands_inside_an_f_string() -> None:
    """Extraction reads Python by its tokens, of which an f-string is one: it would miss what is inside."""
    missed = [
        f"{file}:{call.lineno}"
        for room in translations.ROOMS
        for file in (translations.PROJECT / room).rglob("*.py")
        for text in ast.walk(ast.parse(file.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if call.func.id in translations.KEYWORDS
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ("", "not translated"),
        ("%(days)s jours", "its placeholders are not"),
        (" dans %(count)s jours", "white space"),
    ],
)
def test_a_faulty_translation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, fault: str
) -> None:
    monkeypatch.setattr(translations, "PROJECT", tmp_path)
    template, kept = Catalog(), translations.translated("fr")
    template.add("in %(count)s days")
    kept.add("in %(count)s days", changed)
    written(kept, "fr")
    assert fault in "".join(translations.problems("fr", template))


def test_a_message_that_lacks_or_lingers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "PROJECT", tmp_path)
    template, kept = Catalog(), translations.translated("pl")
    template.add(("%(count)s day", "%(count)s days"))
    kept.add("gone", "znikło")
    written(kept, "pl")
    found = "".join(translations.problems("pl", template))
    assert "missing: '%(count)s day'" in found
    assert "nothing uses it: 'gone'" in found


def test_every_language_speaks() -> None:
    """The compiled catalogues are those that Django reads: one word differs in each from the English."""
    said = set()
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            said.add(translation.gettext("Your role in this organization does not allow this."))
    assert len(said) == len(settings.LANGUAGES)


def written(catalog: Catalog, language: str) -> None:
    file = translations.catalogue_file(language)
    file.parent.mkdir(parents=True)
    with file.open("wb") as kept:
        write_po(kept, catalog)
