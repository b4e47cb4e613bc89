"""What templates find once: words by language, addresses by what they are of."""

import re

from django.conf import settings
from django.template import Context, Template, engines
from django.template.defaulttags import LoadNode
from django.templatetags.i18n import TranslateNode
from django.utils.translation import override

BUILT_IN = re.compile(r"{% load [^%]*\b(?:i18n|static|localized)\b")


def test_words_are_those_of_each_reader_s_language() -> None:
    template = engines["django"].from_string('{% translate "Month" %} 100 {% translate "%" %}')
    said = []
    for language in ("en", "de", "en", "pl"):
        with override(language):
            said.append(template.render())
    assert said == ["Month 100 %", "Monat 100 %", "Month 100 %", "Miesiąc 100 %"]


def test_an_address_is_that_of_what_it_is_asked_of() -> None:
    template = engines["django"].from_string("{% url 'dashboard' slug %}")
    assert [template.render({"slug": slug}) for slug in ("one", "two")] == ["/o/one/", "/o/two/"]


def test_what_a_page_gives_is_found_for_each_page() -> None:
    template = Template("{% translate word %} {% url 'dashboard' slug=slug %} {% static file %}")
    pages = [{"word": word, "slug": word, "file": word} for word in ("one", "two")]
    assert [template.render(Context(page)) for page in pages] == [
        "one /o/one/ /static/one",
        "two /o/two/ /static/two",
    ]


def test_no_template_of_ours_loads_what_each_has_already() -> None:
    ours = [path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.*")]
    assert len(ours) > 300
    assert not [text for text in ours if BUILT_IN.search(text)]


def test_a_template_of_others_gets_the_tags_that_it_loads() -> None:
    others = Template('{% load i18n %}{% translate "Month" %}')
    assert [type(node) for node in others.nodelist] == [LoadNode, TranslateNode]
    with override("de"):
        assert others.render(Context()) == "Monat"
