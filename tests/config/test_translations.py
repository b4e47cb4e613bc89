"""Every language has every word: nothing lacks, lingers, or has other placeholders and plural forms."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po
from django.conf import settings
from django.utils import translation

from config import translations

COUNTED = (
    "accounts|amounts|attempts|channels|characters|cohorts|columns|customers|days|decimals|events|figures"
    "|files|hours|invoices|items|keys|letters|lines|links|lists|messages|minutes|months|movements|objects"
    "|organizations|payments|people|plans|points|refunds|requests|rows|rules|seconds|sizes|subscriptions"
    "|times|tokens|trials|units|versions|weeks|years"
)
# A number, and the plural of what it counts: "%(count)s more lines".
COUNTS = re.compile(rf"%\(\w+\)[sd] (?:(?:complete|more|new|older|other) )?(?:{COUNTED})\b")
# What makes one sentence of two texts; spaces part sentences, and brackets and tags set a text apart.
JOINS = re.compile(r"[\w,;:.]")
TAG = re.compile(r"<[^>]*>")
# Where the one form that each language has after a decimal number is the right one.
DECIMALS = "a number with decimals"


@pytest.fixture(scope="module")
def template() -> Catalog:
    return translations.extracted()


@pytest.fixture(scope="module")
def speaking() -> dict[str, ast.Module]:
    """Return the code of every file that has messages."""
    files = [file for room in translations.ROOMS for file in (translations.PROJECT / room).rglob("*.py")]
    texts = {str(file.relative_to(translations.PROJECT)): file.read_text() for file in sorted(files)}
    return {file: ast.parse(text) for file, text in texts.items() if "django.utils.translation" in text}


@pytest.mark.parametrize("language", translations.languages())
def test_a_language_is_complete(language: str, template: Catalog) -> None:
    assert translations.problems(language, template) == []


def test_no_message_stands_inside_an_f_string(speaking: dict[str, ast.Module]) -> None:
    """Extraction reads Python by its tokens, of which an f-string is one: it would miss what is inside."""
    missed = [
        f"{file}:{call.lineno}"
        for file, module in speaking.items()
        for text in ast.walk(module)
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if call.func.id in translations.KEYWORDS
    ]
    assert missed == []


def test_a_number_is_followed_by_the_plural_form_that_a_language_has_for_it(template: Catalog) -> None:
    """A message counts one thing at most, and has a form for it: Polish has three, French joins 0 with 1."""
    assert [message.id for message in template if message.id and counts_without_forms(message)] == []


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("%(count)s more lines are wrong", False),
        ("At most %(most)d sizes.", False),
        ("%(name)s is being deleted", True),
        ("What %(name)s changes", True),
        (("%(count)s row", "%(count)s rows"), True),
        (("%(count)s of %(all)s customers", "%(count)s of %(all)s customers"), False),
        (("%(count)d invoice of %(all)d customers", "%(count)d invoices of %(all)d customers"), False),
    ],
)
def test_a_count_without_its_forms_is_found(said: str | tuple[str, str], fits: bool) -> None:
    assert counts_without_forms(Message(said)) is not fits


def counts_without_forms(message: Message) -> bool:
    if message.context == DECIMALS:
        return False
    singular, *plural = [message.id] if isinstance(message.id, str) else message.id
    return bool(COUNTS.search(singular)) or any(len(COUNTS.findall(text)) > 1 for text in plural)


def test_no_sentence_is_glued_together_of_messages(speaking: dict[str, ast.Module]) -> None:
    """Whole sentences may follow one another; a language orders and joins the parts of one by itself."""
    glued = [f"{file}:{line}" for file, module in speaking.items() for line in joints(module)]
    assert glued == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f():\n    return _('a') + ' b'", [2]),
        ("def f():\n    return ngettext('a', 'b', n) % {'n': n} + unit", [2]),
        ("def f():\n    a = _('a')\n    return f'{a}; {b}'", [3]),
        ("def f():\n    a = ngettext('a', 'b', n)\n    return f'{a % words}: b'", [3]),
        ("def f():\n    a = _('A.')\n    return f'{a} {b}'", []),
        ("def f():\n    a = _('A.')\n    return f'<p class=\"lead\">{a}</p>'", []),
        ("def f():\n    return ' ' + _('A sentence.')", []),
        ("def f():\n    return _('a %(b)s') % {'b': f'{c}; {d}'}", []),
    ],
)
def test_a_joint_is_found(code: str, found: list[int]) -> None:
    assert list(joints(ast.parse(code))) == found


def joints(module: ast.Module) -> Iterator[int]:
    """Yield the lines that add something to a message, or join it to something in an f-string."""
    for text in ast.walk(module):
        if isinstance(text, ast.FunctionDef):
            yield from joints_of_names(text)
        if isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add):
            sides = [text.left, text.right]
            space = any(isinstance(side, ast.Constant) and side.value == " " for side in sides)
            if not space and any(map(is_message, sides)):
                yield text.lineno


def joints_of_names(function: ast.FunctionDef) -> Iterator[int]:
    assigned = [
        each.targets for each in ast.walk(function) if isinstance(each, ast.Assign) and is_message(each.value)
    ]
    names = {one.id for targets in assigned for one in targets if isinstance(one, ast.Name)}
    if not names:
        return
    for text in ast.walk(function):
        if not isinstance(text, ast.JoinedStr):
            continue
        between = "".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
        told = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
        plain = [part.left if isinstance(part, ast.BinOp) else part for part in told]
        if JOINS.search(TAG.sub("", between)) and any(
            isinstance(part, ast.Name) and part.id in names for part in plain
        ):
            yield text.lineno


def is_message(code: ast.expr) -> bool:
    if isinstance(code, ast.BinOp) and isinstance(code.op, ast.Mod):
        return is_message(code.left)
    called = code.func if isinstance(code, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in {*translations.KEYWORDS, "_"}


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
