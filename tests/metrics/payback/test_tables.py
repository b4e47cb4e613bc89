"""A table of spend is read by its headings, in whichever language they are."""

from datetime import date

import pytest
from django.conf import settings
from django.utils.translation import gettext, override

from metrics.payback.tables import read

TODAY = date(2026, 10, 20)
CELLS = "2026-09;Ads;1.234,50;EUR\n"
ADS = {(date(2026, 9, 1), "ads", "eur"): 123_450_000_000}


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_headings_may_be_what_the_pages_call_them(language: str) -> None:
    with override(language):
        for amount in ("Amount", "Spend"):
            header = ";".join(gettext(name) for name in ("Month", "Channel", amount, "Currency"))
            for written in (header, header.upper()):
                assert read(f"{written}\n{CELLS}".encode(), TODAY, lambda *_: "").amounts == ADS
        header = ";".join(gettext(name) for name in ("Date", "Source", "Amount", "Currency"))
    assert read(f"{header}\n{CELLS}".encode(), TODAY, lambda *_: "").amounts == ADS
