"""A preview of other rules as sentences and rows: what each figure of each month is and would be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dashboards.definition_words import label, said
from dashboards.formatting import DASH, money, percent
from dashboards.links import Link
from dashboards.opening import Opening
from dashboards.places import Places
from dashboards.selection import named
from metrics.flows import FLOWS, Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import month_of, shift
from metrics.restating.models import Preview, PreviewedChange
from metrics.restating.previews import proposed_differences

KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
COLUMNS = ("ending", *KINDS, "revenue_churn_rate", "net_revenue_retention")


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure before and after; `before` is None where nothing changes. `opens` is the present one's."""

    after: str
    before: str | None
    label: str = ""
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class MonthRow:
    label: str
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class Headline:
    """What one currency's MRR would be, over how many subscriptions, and the last whole month's churn."""

    currency: str
    change: str
    before: str
    after: str
    now: int
    changed: int
    month: str
    churn: Pair


@dataclass(frozen=True, slots=True)
class ChangedRow:
    position: int
    subscription: str
    customer: str
    before: str
    after: str
    change: str
    since: datetime
    until: datetime | None
    url: str
    subscription_url: str


def proposed(preview: Preview) -> list[tuple[str, str, str]]:
    """Return each proposed setting with its value before and after, in words."""
    pairs = proposed_differences(preview).items()
    return [(label(name), said(name, old), said(name, new)) for name, (old, new) in pairs]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished preview's months, as they are and as they would be."""

    before: Months
    after: Months
    counts: Mapping[str, Mapping[str, int]]
    listed: int

    @classmethod
    def of(cls, preview: Preview, zone: ZoneInfo) -> "Outcome":
        """Read a preview's result."""
        result: dict[str, Any] = preview.result or {}
        today = datetime.fromisoformat(result["computed_at"]).astimezone(zone).date()
        before, after = (Months(today, _flows(result[side])) for side in ("before", "after"))
        return cls(before, after, result["counts"], result["listed"])

    def currencies(self) -> list[str]:
        """Return every currency of either side, largest present MRR first."""
        return list(dict.fromkeys([*self.before.currencies(), *self.after.currencies()]))

    def headlines(self) -> list[Headline]:
        """Return what changes in each currency."""
        return [self._headline(currency) for currency in self.currencies()]

    def months(self, currency: str, opening: Opening | None) -> list[MonthRow]:
        """Return every month of one currency, newest first; the present figures open their rows."""
        return [
            MonthRow(named(old.month), list(_pairs(old, new, opening)))
            for old, new in reversed(self._both(currency))
        ]

    def _both(self, currency: str) -> list[tuple[Month, Month]]:
        present = month_of(self.before.today)
        starts = [each.first(currency) or present for each in (self.before, self.after)]
        first = min(*starts, shift(present, -1))
        count = (present.year - first.year) * 12 + present.month - first.month + 1
        old, new = (each.last(count, currency, until=present) for each in (self.before, self.after))
        return list(zip(old, new, strict=True))

    def _headline(self, currency: str) -> Headline:
        (last_old, last_new), (old, new) = self._both(currency)[-2:]
        counts = self.counts.get(currency, {})
        then, now = waterfall(last_old).revenue_churn_rate, waterfall(last_new).revenue_churn_rate
        return Headline(
            currency=currency.upper(),
            change=str(money(new.ending_micro - old.ending_micro, currency, signed=True)),
            before=str(money(old.ending_micro, currency)),
            after=str(money(new.ending_micro, currency)),
            now=counts.get("now", 0),
            changed=counts.get("changed", 0),
            month=named(last_old.month),
            churn=_pair(percent(then), percent(now), same=then == now),
        )


def changed_row(one: PreviewedChange, opens: Places) -> ChangedRow:
    """Return one subscription of the list."""
    currency = one.currency
    return ChangedRow(
        one.position,
        one.subscription_id,
        one.customer_id,
        str(money(one.before_micro, currency)),
        str(money(one.after_micro, currency)),
        str(money(one.after_micro - one.before_micro, currency, signed=True)),
        one.differs_from,
        one.differs_until,
        opens.customer(one.connection_id, one.customer_id),
        opens.stored(one.connection_id, one.subscription_id),
    )


def column_labels() -> list[str]:
    """Return the heads of the months' table."""
    return [
        _("MRR"),
        _("New"),
        _("Expansion"),
        _("Reactivation"),
        _("Contraction"),
        _("Churned"),
        _("Churn rate"),
        _("Retention"),
    ]


def _pairs(before: Month, after: Month, opening: Opening | None) -> Iterator[Pair]:
    old, new = waterfall(before), waterfall(after)
    for name, head in zip(COLUMNS, column_labels(), strict=True):
        was, now = getattr(old, name), getattr(new, name)
        if name in ("ending", *KINDS):
            pair = _pair(str(money(was, old.currency)), str(money(now, new.currency)), same=was == now)
        else:
            pair = _pair(percent(was), percent(now), same=was == now)
        opens = opening.figure("mrr" if name == "ending" else name, before) if opening else None
        yield replace(pair, label=head, opens=None if name == "net_revenue_retention" else opens)


def _pair(before: str, after: str, *, same: bool) -> Pair:
    return Pair(after or DASH, None if same else before)


def _flows(found: Mapping[str, Mapping[str, list[int]]]) -> dict[str, dict[date, dict[str, int]]]:
    return {
        currency: {
            date.fromisoformat(month): dict(zip(FLOWS, row, strict=True)) for month, row in rows.items()
        }
        for currency, rows in found.items()
    }
