"""The locale that a reader gets, and how dates read in it."""

from datetime import date, datetime

import pytest
from django.utils import translation

from config import dates
from config.locales import wanted

ON = date(2026, 9, 5)
AT = datetime(2026, 9, 5, 14, 5, 9)


@pytest.mark.parametrize(
    ("accepted", "chosen", "tag"),
    [
        ("", "", "en"),
        ("de-CH,de;q=0.9,en;q=0.8", "", "de-ch"),
        ("ja,pt-BR;q=0.8,en;q=0.5", "", "pt-br"),
        ("en;q=0.5,fr;q=0.9", "", "fr"),
        ("de-ZZ", "", "de"),
        ("en-Dsrt", "", "en"),
        ("zh-CN,ja", "", "en"),
        ("*", "", "en"),
        ("de-CH,fr-FR", "fr", "fr-fr"),
        ("de-CH", "fr", "fr"),
        ("../../etc/passwd,de", "", "en"),
    ],
)
def test_a_reader_gets_her_choice_else_what_her_browser_asks_for(
    accepted: str, chosen: str, tag: str
) -> None:
    assert wanted(accepted, chosen) == tag


@pytest.mark.parametrize(
    ("tag", "day", "month", "moment"),
    [
        ("en", "5 Sept 2026", "September 2026", "5 Sept 2026, 14:05"),
        ("en-us", "Sep 5, 2026", "September 2026", "Sep 5, 2026, 2:05\u202fPM"),
        ("de-ch", "05.09.2026", "September 2026", "05.09.2026, 14:05"),
        ("fr", "5 sept. 2026", "septembre 2026", "5 sept. 2026, 14:05"),
        ("es", "5 sept 2026", "septiembre de 2026", "5 sept 2026, 14:05"),
        ("it", "5 set 2026", "settembre 2026", "5 set 2026, 14:05"),
        ("pt-br", "5 de set. de 2026", "setembro de 2026", "5 de set. de 2026, 14:05"),
        ("nl", "5 sep 2026", "september 2026", "5 sep 2026, 14:05"),
        ("pl", "5 wrz 2026", "wrzesień 2026", "5 wrz 2026, 14:05"),
    ],
)
def test_dates_follow_the_locale(tag: str, day: str, month: str, moment: str) -> None:
    with translation.override(tag):
        assert (dates.day(ON), dates.month(ON), dates.moment(AT)) == (day, month, moment)


def test_a_day_has_a_long_form_a_short_one_and_parts() -> None:
    with translation.override("de-at"):
        assert dates.long_day(ON) == "5. September 2026"
        assert dates.day_of_year(ON) == "5. September"
        assert (dates.month_name(ON), dates.month_abbreviation(ON)) == ("September", "Sep")
        assert (dates.short_month(ON), dates.month_letter(ON)) == ("Sep. 2026", "S")
        assert dates.exact_moment(AT) == "5. September 2026, 14:05:09"
        assert dates.long_moment(AT) == "5. September 2026, 14:05"
