"""What templates find once: words by language, addresses by what they are of."""

from django.template import engines
from django.utils.translation import override


def test_words_are_those_of_each_reader_s_language() -> None:
    template = engines["django"].from_string('{% load i18n %}{% translate "Month" %} 100 {% translate "%" %}')
    said = []
    for language in ("en", "de", "en", "pl"):
        with override(language):
            said.append(template.render())
    assert said == ["Month 100 %", "Monat 100 %", "Month 100 %", "Miesiąc 100 %"]


def test_an_address_is_that_of_what_it_is_asked_of() -> None:
    template = engines["django"].from_string("{% url 'dashboard' slug %}")
    assert [template.render({"slug": slug}) for slug in ("one", "two")] == ["/o/one/", "/o/two/"]
