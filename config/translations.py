"""The catalogues of the languages: what there is to translate, what lacks, and the form that Django reads.

`python -m config.translations update` brings the catalogues in step with the code, `check` names what is
missing or wrong, `compile` writes the form that Django reads; a language named after it narrows each to that
one. Extraction and files are Babel's.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("accounts", "billing_sync", "config", "dashboards", "metrics")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# In a template's stand-in for xgettext the place in the line means nothing; Python's tokenizer minds it.
INDENTATION = re.compile(r"(?m)^[ \t]+")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")


def languages() -> list[str]:
    """Return the languages that need a catalogue: all but the one that the code is written in."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def catalogue_file(language: str) -> Path:
    return PROJECT / "locale" / language / "LC_MESSAGES" / "django.po"


def extracted() -> Catalog:
    """Return every message of the code and the templates."""
    catalog = Catalog()
    for source in sources():
        for _line, message, comments, context in extract("python", source, KEYWORDS, ["Translators:"]):
            catalog.add(message, auto_comments=comments, context=context)
    return catalog


def sources() -> Iterator[io.BytesIO]:
    for room in ROOMS:
        for file in sorted((PROJECT / room).rglob("*.py")):
            yield io.BytesIO(file.read_bytes())
    for file in sorted((PROJECT / "templates").rglob("*.*")):
        if file.suffix in (".html", ".txt"):
            yield io.BytesIO(INDENTATION.sub("", templatize(file.read_text(), origin=str(file))).encode())


def translated(language: str) -> Catalog:
    """Return a language's catalogue as it is kept; an empty one where there is none."""
    file = catalogue_file(language)
    if not file.exists():
        return Catalog(
            locale=language,
            header_comment="# The words of Millrace in another language.",
            project="Millrace",
            version="1",
            msgid_bugs_address="the project",
            last_translator="the project",
            language_team="the project",
            revision_date=datetime(2026, 11, 22, tzinfo=UTC),
            fuzzy=False,
        )
    with file.open("rb") as kept:
        return read_po(kept, locale=language, abort_invalid=True)


def update(language: str) -> None:
    """Bring a catalogue in step with the code: new messages come in empty, unused ones go."""
    catalog, template = translated(language), extracted()
    template.creation_date = catalog.creation_date
    catalog.update(template, no_fuzzy_matching=True, keep_user_comments=True)
    catalog.obsolete.clear()
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as kept:
        write_po(kept, catalog, width=110, no_location=True, sort_output=True)


def problems(language: str, template: Catalog) -> list[str]:
    """Return what is missing, left over or cannot be filled in, a line each."""
    catalog = translated(language)
    found = []
    for message in template:
        if message.id:
            told = catalog.get(_key(message), message.context)
            found += [] if told else [f"{language}: missing: {_key(message)!r}"]
    for message in catalog:
        if message.id:
            found += [
                f"{language}: {fault}: {_key(message)!r}" for fault in _faults(message, catalog, template)
            ]
    return found


def _faults(message: Message, catalog: Catalog, template: Catalog) -> Iterator[str]:
    forms = _forms(message)
    originals = [message.id] if isinstance(message.id, str) else list(message.id)
    if template.get(_key(message), message.context) is None:
        yield "nothing uses it"
    if len(forms) != (catalog.num_plurals if message.pluralizable else 1):
        yield "wrong number of plural forms"
    if message.fuzzy:
        yield "marked as unsure"
    wanted = _placeholders(originals[-1])
    for form in forms:
        if not form.strip():
            yield "not translated"
        elif _placeholders(form) - wanted or (wanted - _placeholders(form) and not message.pluralizable):
            yield f"its placeholders are not {sorted(wanted)}"
        elif (
            form[0].isspace() != originals[0][0].isspace() or form[-1].isspace() != originals[0][-1].isspace()
        ):
            yield "begins or ends with other white space"


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _placeholders(text: str) -> set[str]:
    return {found.group() for found in PLACEHOLDER.finditer(text)}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def compile_catalogue(language: str) -> None:
    """Write the form of a catalogue that Django reads."""
    if not catalogue_file(language).exists():
        return
    catalog = translated(language)
    # An empty plural form would be shown as nothing, where a missing message is shown in English.
    for message in list(catalog):
        if message.id and not all(_forms(message)):
            catalog.delete(message.id, message.context)
    with catalogue_file(language).with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, catalog)


def main(arguments: list[str]) -> int:
    """Do what the first word says for the languages named after it, or for all."""
    doing, *named = arguments or [""]
    wanted = named or languages()
    if doing not in ("update", "check", "compile") or not set(wanted) <= set(languages()):
        sys.stderr.write(f"Say update, check or compile, and which of {', '.join(languages())} if not all.\n")
        return 2
    if doing == "check":
        template = extracted()
        found = [line for language in wanted for line in problems(language, template)]
        sys.stdout.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    for language in wanted:
        (update if doing == "update" else compile_catalogue)(language)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
