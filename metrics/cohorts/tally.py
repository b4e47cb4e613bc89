"""Sums over customers' lives, and each customer's own rows on the way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from metrics.build.rows import Row
from metrics.build.sums import first_of
from metrics.cohorts.lives import Span, Turn, turns
from metrics.cohorts.retention import Change, changes, start
from metrics.core.intervals import Days
from metrics.core.rates import median_days
from metrics.plans.flows import WHOLE, by_interval, by_price, flows
from metrics.trials.trial import CONVERTED, ENDED, RUNNING, WAITING, Trial, trials

DIMENSIONS = {"plan": by_price, "interval": by_interval}
KINDS = (*WHOLE[:2], "expansion", "contraction", WHOLE[2], "moved_in", "moved_out")
PLACES = {kind: place for place, kind in enumerate(KINDS)}
HOLDERS, CHURNED = len(KINDS), len(KINDS) + 1
OUTCOMES = (CONVERTED, ENDED, WAITING, RUNNING)

Moves = dict[tuple[str, str, int, str, str], list[int]]


@dataclass(slots=True)
class Rows:
    """The rows of some customers; who is on trial is told apart, to be valued."""

    members: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)
    trials: list[tuple[str, Trial]] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Sums in the making, in the local days of the definition's zone."""

    local: Days
    cohorts: dict[tuple[str, str, str, int, int], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )
    flows: dict[tuple[str, str, int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * (len(KINDS) + 2))
    )
    outcomes: dict[tuple[str, int], dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
    )
    days: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, connection_id: UUID, customer_id: str, spans: Sequence[Span], country: str, rows: Rows
    ) -> None:
        """Count one customer's whole life, and add its rows."""
        for currency, life in turns(spans, self.local).items():
            if not life:
                continue
            began = start(life)
            changed = changes(life, began.base_micro)
            for dimension, value in (("month", ""), ("plan", began.plan), ("country", country)):
                self._join(currency, dimension, value, changed, began.month)
            month = date.fromordinal(began.month)
            rows.members.append(
                (connection_id, customer_id, currency, month, began.plan, country, began.base_micro)
            )
            moves: Moves = defaultdict(lambda: [0, 0])
            for dimension in DIMENSIONS:
                self._move(currency, dimension, life, moves)
            rows.moves += [
                (connection_id, customer_id, dimension, code, date.fromordinal(month), giver, taker, *amounts)
                for (dimension, code, month, giver, taker), amounts in moves.items()
            ]
        for trial in trials(spans):
            rows.trials.append((customer_id, trial))
            self._try(trial)

    def started(self, trial: Trial) -> tuple[date, date, int | None]:
        """Return a trial's month, its local day, and the days from it to the first MRR."""
        (on,) = self.local.of([trial.started_at])
        days = None if trial.converted_at is None else self.local.of([trial.converted_at])[0] - on
        return date.fromordinal(first_of(on)), date.fromordinal(on), days

    def trial_months(self) -> list[Row]:
        """Return the rows of months in which trials began."""
        found: list[Row] = []
        for (currency, month), counts in self.outcomes.items():
            median = median_days(self.days[currency, month])
            twice = None if median is None else int(2 * median)
            told = (counts[one] for one in OUTCOMES)
            found.append((currency, date.fromordinal(month), sum(counts.values()), *told, twice))
        return found

    def _join(self, currency: str, dimension: str, value: str, changed: Iterable[Change], month: int) -> None:
        self.cohorts[currency, dimension, value, month, month][3] += 1
        for change in changed:
            row = self.cohorts[currency, dimension, value, month, change.month]
            row[0] += change.net_micro
            row[1] += change.gross_micro
            row[2] += change.customers

    def _move(self, currency: str, dimension: str, life: Iterable[Turn], moves: Moves) -> None:
        held: dict[str, int] = {}
        for turn in life:
            plans, month = DIMENSIONS[dimension](turn), first_of(turn.day)
            found, moved = flows(turn.kind, plans)
            for plan, kind, amount in found:
                row = self.flows[dimension, currency, month, plan]
                row[PLACES[kind]] += amount
                row[CHURNED] += kind == "churn"
            for plan, delta in plans.items():
                before = held.get(plan, 0)
                held[plan] = before + delta
                self.flows[dimension, currency, month, plan][HOLDERS] += (held[plan] > 0) - (before > 0)
            for one in moved:
                sums = moves[dimension, currency, month, one.giver, one.taker]
                sums[0] += one.amount_micro
                sums[1] += one.change_micro

    def _try(self, trial: Trial) -> None:
        month, _, days = self.started(trial)
        key = trial.currency, month.toordinal()
        self.outcomes[key][trial.state] += 1
        if days is not None:
            self.days[key].append(days)
