"""What a month stands beside: an earlier month, or its first days while the month has not ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.utils.translation import gettext as _

from accounts.reading import Asked
from config import dates
from dashboards.selection import Selection, named
from metrics.core.rates import Rate, ratio
from metrics.evidence.sums import LOSSES, moved_asked, moved_between
from metrics.exchange.converting import Reported
from metrics.exchange.quotes import MissingRateError
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import shift
from metrics.queries import Shown

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier month, None where `lacks` says why.

    `mrr_micro` was held at the end of `held_on`. Where only days are compared, `through` is the last of them
    and `moved` what they moved, by kind and as magnitudes; what is not in it `unmoved` gives the reason for.
    """

    on: date
    month: Month | None = None
    held_on: date = date.min
    mrr_micro: int = 0
    through: date | None = None
    moved: Mapping[str, int] = field(default_factory=dict)
    lacks: str = ""
    unmoved: str = ""
    note: str = ""
    a_year_back: bool = False

    def flow(self, name: str) -> int | None:
        """Return a movement, or the net change, that a month's stands beside."""
        if self.month is None:
            return None
        if self.through is not None:
            return self.moved.get(name)
        amount: int = getattr(waterfall(self.month), name)
        return amount

    @property
    def at_month_end(self) -> bool:
        """Say whether the balance is that of the month's end."""
        return (self.held_on + DAY).day == 1

    @property
    def churn_rate(self) -> Rate:
        """Return churned MRR over the MRR at the earlier month's start."""
        churned = self.flow("churn")
        return None if self.month is None or churned is None else ratio(churned, self.month.starting_micro)


def whole(month: Month) -> Before:
    """Stand beside a whole month."""
    return Before(month.month, month, shift(month.month, 1) - DAY, month.ending_micro)


def comparison_asked(shown: Shown, selection: Selection) -> list[Asked]:
    """Return what `compared` asks, for whoever reads it ahead: days, where it compares any."""
    on = selection.compared
    if on < selection.first or not selection.in_progress or selection.reporting:
        return []
    return [moved_asked(shown, selection.currency, on, _through(shown.today, on) + DAY)]


def _through(today: date, on: date) -> date:
    """Return the day of an earlier month that stands beside today: its last where it is shorter."""
    return min(on + timedelta(days=today.day - 1), shift(on, 1) - DAY)


def compared(
    shown: Shown, selection: Selection, history: Months | Reported, months: Sequence[Month]
) -> Before:
    """Return what the chosen month stands beside, as its address asks: one of those shown, or an earlier."""
    on = selection.compared
    if on < selection.first:
        note = _("There was no revenue in %(month)s to compare with.") % {"month": named(on)}
        return Before(on, lacks=_("no revenue in %(month)s") % {"month": dates.short_month(on)}, note=note)
    try:
        found = [one for one in months if one.month == on]
        (month,) = found or history.last(1, selection.currency, until=on)
    except MissingRateError as error:
        return Before(on, lacks=_("no exchange rate"), note=str(error))
    beside = replace(whole(month), a_year_back=selection.against == "year")
    if not selection.in_progress:
        return replace(beside, note=_("Compared with %(month)s.") % {"month": named(on)})
    through = _through(shown.today, on)
    if selection.reporting:
        note = _("Days are compared within one currency: choose one to see what moved beside them.")
        return replace(beside, through=through, unmoved=_("compared within one currency"), note=note)
    return _to_date(shown, selection, replace(beside, through=through), month)


def _to_date(shown: Shown, selection: Selection, found: Before, month: Month) -> Before:
    """Stand beside the same days of an earlier month, up to its last where it is shorter."""
    through = found.through or found.held_on
    kinds = moved_between(shown, selection.currency, month.month, through + DAY)
    net = sum(-amount if kind in LOSSES else amount for kind, amount in kinds.items())
    by_day = shown.definition.movement_window == "day"
    if found.a_year_back:
        found = replace(found, held_on=through, mrr_micro=month.starting_micro + net)
    return replace(
        found,
        moved=(kinds if by_day else {}) | {"net_new": net},
        unmoved="" if by_day else _("not netted by day"),
        note=_note(shown.today, month.month, through, by_day=by_day),
    )


def _note(today: date, month: date, through: date, *, by_day: bool) -> str:
    words = {"day": dates.long_day(through), "month": named(month), "present": dates.day_of_year(today)}
    if through.day < today.day:
        told = _("%(present)s has no counterpart in %(month)s: all of that month is compared.") % words
    else:
        told = _("What moved up to today stands beside what moved up to %(day)s.") % words
    if by_day:
        return told
    net_alone = _("The definition does not net movements by day, so only the net change is compared.")
    return f"{told} {net_alone}"
