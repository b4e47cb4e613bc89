"""The alert row: how each rule stands, the figures behind it in words, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import dates
from dashboards.alert_opening import movements_behind
from dashboards.alert_terms import terms
from dashboards.formatting import DASH, money, percent
from dashboards.glossary import Term
from dashboards.links import Link
from dashboards.selection import named
from metrics.alerts.present import Lack, Silence, Standing
from metrics.alerts.rules import RULES, Reading
from metrics.alerts.series import Series, days_before, months_before
from metrics.core.rates import Rate
from metrics.queries import Shown

TONES = {"quiet": "good", "watch": "warn", "alert": "bad"}
ICONS = {"quiet": "check", "watch": "eye", "alert": "alert"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One cell of the row; `level` is waiting, insufficient, quiet, watch or alert."""

    name: str
    level: str
    state: str
    term: Term
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
        return f"components/icons/{ICONS.get(self.level, 'clock')}.html"


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
        alerts = [Alert(rule, "waiting", _("Waiting"), meanings[rule]) for rule in RULES]
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
    figure, words = WORDS[rule](reading, standing)
    if level == "watch" or _below_without_watch(reading):
        chance = _("The difference may be chance.")
        words = f"{words} {chance}"
    return Alert(rule, level, _state(level), term, figure, words, movements_behind(rule, standing, slug))


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
        needs = ngettext("Needs %(count)d customer", "Needs %(count)d customers", lack.customers)
        have = ngettext("there is %(count)d.", "there are %(count)d.", series.customers)
        return f"{needs % {'count': lack.customers}}; {have % {'count': series.customers}}"
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
    return percent(reading.value), ngettext(
        "of MRR left in 30 days with %(count)d customer. Alert above %(limit)s.",
        "of MRR left in 30 days with %(count)d customers. Alert above %(limit)s.",
        left,
    ) % {"count": left, "limit": percent(reading.threshold)}


def _new_mrr_flat(reading: Reading, standing: Standing) -> Said:
    weeks = standing.settings.new_mrr_flat_weeks
    return _amount(reading.value, standing), ngettext(
        "new in the last complete week. Alert below %(limit)s.",
        "new in the last %(count)d complete weeks. Alert below %(limit)s.",
        weeks,
    ) % {"count": weeks, "limit": _amount(reading.threshold, standing)}


def _expansion_declining(reading: Reading, standing: Standing) -> Said:
    back = standing.settings.expansion_decline_months
    return _amount(reading.value, standing), _("expansion in %(last)s. In %(first)s it was %(before)s.") % {
        "last": named(months_before(standing.series.today, 1)),
        "first": named(months_before(standing.series.today, back + 1)),
        "before": _amount(reading.threshold, standing),
    }


def _failed_payments_rising(reading: Reading, standing: Standing) -> Said:
    series, today = standing.series, standing.series.today
    middle, start = days_before(today, 30), days_before(today, 60)
    failed, before = series.failed(middle, today), series.failed(start, middle)
    invoices = ngettext("%(count)d invoice", "%(count)d invoices", failed) % {"count": failed}
    words = _("began to fail in 30 days, among %(customers)d customers. %(before)d in the 30 days before.")
    return invoices, words % {"customers": series.customers, "before": before}


def _arr_growth_decelerating(reading: Reading, standing: Standing) -> Said:
    return percent(reading.value, signed=True), _(
        "growth over 3 months to the end of %(month)s. Watched below %(limit)s."
    ) % {
        "month": named(months_before(standing.series.today, 1)),
        "limit": percent(reading.threshold, signed=True),
    }


def _net_revenue_retention_low(reading: Reading, standing: Standing) -> Said:
    words = _("of the MRR of 30 days ago is still there. Alert below %(limit)s.")
    return percent(reading.value), words % {"limit": percent(reading.threshold)}


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
