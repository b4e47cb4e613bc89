"""The alert row: how each rule stands, the figures behind it in words, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config import dates
from dashboards.alert_opening import movements_behind
from dashboards.alert_terms import terms
from dashboards.formatting import DASH, money, number, percent
from dashboards.glossary import Term
from dashboards.links import Link
from dashboards.selection import named
from metrics.alerts.present import Lack, Silence, Standing
from metrics.alerts.rules import RULES, Reading
from metrics.alerts.series import Series, days_before, months_before
from metrics.core.rates import Rate
from metrics.queries import Shown

TONES = {"quiet": "good", "watch": "warn", "alert": "bad"}
# Where in a sentence the figure stands, which every language says for itself.
PLACE = "\0"
ICONS = {"quiet": "check", "watch": "eye", "alert": "alert"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One cell of the row: a sentence around its figure; `level` is insufficient, quiet, watch and so on."""

    name: str
    level: str
    state: str
    term: Term
    before: str = ""
    figure: str = ""
    words: str = ""
    opens: Link | None = None

    @property
    def label(self) -> str:
        return str(self.term.label)

    @property
    def tone(self) -> str:
        return TONES.get(self.level, "quiet")

    @property
    def icon(self) -> str:
        return ICONS.get(self.level, "clock")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """The six rules through a day's end; while they are silent, the reason."""

    through: date
    currency: str
    silence: str
    alerts: list[Alert]


def alert_row(found: Standing | Silence, shown: Shown, currency: str, slug: str) -> AlertRow:
    """Return the row that shows how the rules stand."""
    meanings = terms(shown.alerts)
    if isinstance(found, Silence):
        alerts = [Alert(rule, "waiting", pgettext("a rule", "Waiting"), meanings[rule]) for rule in RULES]
    else:
        alerts = [_alert(reading, meanings[reading.rule], found, slug) for reading in found.readings]
    silence = _silence(found) if isinstance(found, Silence) else ""
    return AlertRow(shown.today - timedelta(days=1), currency.upper(), silence, alerts)


def _alert(reading: Reading, term: Term, standing: Standing, slug: str) -> Alert:
    rule, level = reading.rule, reading.level
    if level == "off":
        return Alert(rule, level, _("Switched off"), term)
    if level == "insufficient":
        words = _lacking(standing.lacks[rule], standing.series)
        return Alert(rule, level, _("Too early to say"), term, words=words)
    figure, sentence = WORDS[rule](reading, standing)
    before, _place, words = sentence.partition(PLACE)
    if level == "watch" or _below_without_watch(reading):
        chance = _("The difference may be chance.")
        words = f"{words} {chance}"
    opens = movements_behind(rule, standing, slug)
    return Alert(rule, level, _state(level), term, before, figure, words, opens)


def _below_without_watch(reading: Reading) -> bool:
    """Say whether new MRR is below its threshold while the weeks before were lower still."""
    value, threshold = reading.value, reading.threshold
    below = value is not None and threshold is not None and value < threshold
    return reading.rule == "new_mrr_flat" and reading.level == "quiet" and below


def _state(level: str) -> str:
    return {"alert": _("Alert"), "watch": _("Watch")}.get(level, _("OK"))


def _silence(silence: Silence) -> str:
    if silence is Silence.IMPORTING:
        return _("The rules wait for the import to end: until then, part of the revenue is missing.")
    return _("The rules look at whole days up to the last midnight, and wait for data as new as that.")


def _lacking(lack: Lack, series: Series) -> str:
    if lack.customers is not None:
        words = {"count": number(lack.customers), "present": number(series.customers)}
        needs = ngettext(
            "Needs %(count)s customer. So far: %(present)s.",
            "Needs %(count)s customers. So far: %(present)s.",
            lack.customers,
        )
        return needs % words
    if lack.since is not None:
        return _("Needs history since %(since)s; it begins on %(first)s.") % {
            "since": _day(lack.since),
            "first": _day(series.first_on),
        }
    return _("Needs a list that the key may not read: %(list)s.") % {"list": lack.list_label}


def _day(on: date) -> str:
    return dates.long_day(on)


Said = tuple[str, str]


def _revenue_churn(reading: Reading, standing: Standing) -> Said:
    today = standing.series.today
    left = standing.series.moved(days_before(today, 30), today, "churn").count
    # Who left twice is two of them: days do not tell who left.
    return percent(reading.value), _(
        "%(figure)s of MRR left in 30 days. Departures: %(count)s. Alert above %(limit)s."
    ) % {"figure": PLACE, "count": number(left), "limit": percent(reading.threshold)}


def _new_mrr_flat(reading: Reading, standing: Standing) -> Said:
    weeks = standing.settings.new_mrr_flat_weeks
    return _amount(reading.value, standing), ngettext(
        "%(figure)s new in the last complete week. Alert below %(limit)s.",
        "%(figure)s new in the last %(count)s complete weeks. Alert below %(limit)s.",
        weeks,
    ) % {"figure": PLACE, "count": weeks, "limit": _amount(reading.threshold, standing)}


def _expansion_declining(reading: Reading, standing: Standing) -> Said:
    back = standing.settings.expansion_decline_months
    words = _("%(figure)s expansion in %(last)s. In %(first)s it was %(before)s.")
    return _amount(reading.value, standing), words % {
        "figure": PLACE,
        "last": named(months_before(standing.series.today, 1)),
        "first": named(months_before(standing.series.today, back + 1)),
        "before": _amount(reading.threshold, standing),
    }


def _failed_payments_rising(reading: Reading, standing: Standing) -> Said:
    series, today = standing.series, standing.series.today
    middle, start = days_before(today, 30), days_before(today, 60)
    failed, before = series.failed(middle, today), series.failed(start, middle)
    words = ngettext(
        "%(figure)s invoice began to fail in 30 days; in the 30 before: %(before)s. Customers: %(all)s.",
        "%(figure)s invoices began to fail in 30 days; in the 30 before: %(before)s. Customers: %(all)s.",
        failed,
    )
    return number(failed), words % {
        "figure": PLACE,
        "before": number(before),
        "all": number(series.customers),
    }


def _arr_growth_decelerating(reading: Reading, standing: Standing) -> Said:
    return percent(reading.value, signed=True), _(
        "%(figure)s growth over 3 months to the end of %(month)s. Watched below %(limit)s."
    ) % {
        "figure": PLACE,
        "month": named(months_before(standing.series.today, 1)),
        "limit": percent(reading.threshold, signed=True),
    }


def _net_revenue_retention_low(reading: Reading, standing: Standing) -> Said:
    words = _("%(figure)s of the MRR of 30 days ago is still there. Alert below %(limit)s.")
    return percent(reading.value), words % {"figure": PLACE, "limit": percent(reading.threshold)}


def _amount(amount_micro: Rate, standing: Standing) -> str:
    return DASH if amount_micro is None else str(money(amount_micro, standing.currency))


WORDS: dict[str, Callable[[Reading, Standing], Said]] = {
    "revenue_churn": _revenue_churn,
    "new_mrr_flat": _new_mrr_flat,
    "expansion_declining": _expansion_declining,
    "failed_payments_rising": _failed_payments_rising,
    "arr_growth_decelerating": _arr_growth_decelerating,
    "net_revenue_retention_low": _net_revenue_retention_low,
}
