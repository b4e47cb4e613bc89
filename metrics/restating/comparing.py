"""The stored history valued a second time under other rules, chunk by chunk, beside what the build says."""

import heapq
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.tenancy import tenant
from metrics.build.batch import fits
from metrics.build.load import Loader
from metrics.build.rebuild import shelve
from metrics.build.tally import Cut
from metrics.build.write import Build, Scope
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import Segment, segments
from metrics.core.netting import changes
from metrics.flows import FLOWS
from metrics.models import CurrentBuild
from metrics.restating.figures import flows_in
from metrics.restating.monthly import Months
from metrics.restating.narrow import configurations, ledgers, worth
from metrics.restating.narrowing import Reach
from metrics.restating.spans import Difference, differences

logger = logging.getLogger(__name__)

CHUNK = 500
LISTED = 100_000


@dataclass(frozen=True, slots=True)
class Moved:
    """A subscription that other rules would value otherwise."""

    connection_id: UUID
    customer_id: str
    difference: Difference

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Return what sorts the largest present change first."""
        one = self.difference
        return -abs(one.after_micro - one.before_micro), one.currency, one.subscription, self.customer_id


@dataclass(slots=True)
class Found:
    """The subscriptions that change: all are counted, the largest are listed."""

    moved: list[Moved] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, one: Moved) -> None:
        """Count a subscription."""
        counts = self.counts.setdefault(one.difference.currency, {"changed": 0, "now": 0, "net_micro": 0})
        net = one.difference.after_micro - one.difference.before_micro
        counts["changed"] += 1
        counts["now"] += bool(net)
        counts["net_micro"] += net
        self.moved.append(one)
        if len(self.moved) > 2 * LISTED:
            self.moved = self.largest()

    def largest(self) -> list[Moved]:
        """Return those to list, largest present change first."""
        return heapq.nsmallest(LISTED, self.moved, key=lambda one: one.order)


@dataclass(slots=True)
class Comparing:
    """One comparison in the making; its months hold what the other rules add to the build's."""

    build: Build
    connection_ids: Sequence[UUID]
    before: Cut
    after: Cut
    reach: Reach
    months: Months = field(default_factory=Months)
    found: Found = field(default_factory=Found)

    @classmethod
    def of(cls, pointer: CurrentBuild, before: Definition, after: Definition) -> "Comparing":
        """Return the comparison of a build with what another definition would make of it."""
        build = Build(pointer.organization_id, pointer.definition_version, pointer.build)
        old, new = (Cut.of(each, pointer.computed_at) for each in (before, after))
        return cls(build, list(pointer.connection_ids), old, new, Reach.between(before, after))

    def run(self) -> Iterator[int]:
        """Compare chunk by chunk; yield how many payers have been looked at."""
        done, organization_id = 0, self.build.organization_id
        for connection_id in self.connection_ids:
            with tenant(organization_id):
                loader = Loader(organization_id, connection_id)
            after: str | None = ""
            while after is not None:
                with tenant(organization_id):
                    names = self.reach.next_customers(organization_id, connection_id, after, CHUNK)
                    self._compare(loader, connection_id, names)
                done += len(names)
                after = names[-1] if len(names) == CHUNK else None
                yield done

    def result(self) -> dict[str, Any]:
        """Return the monthly flows before and after, and the counts, as they are stored."""
        before = flows_in(self.build)
        after = {
            currency: {month: dict(row) for month, row in rows.items()} for currency, rows in before.items()
        }
        for (currency, month), added in self.months.rows.items():
            row = after.setdefault(currency, {}).setdefault(month, dict.fromkeys(FLOWS, 0))
            for name, amount in zip(FLOWS, added, strict=True):
                row[name] += amount
        return {
            "computed_at": self.before.moment().isoformat(),
            "before": _written(before),
            "after": _written(after),
            "counts": self.found.counts,
            "listed": LISTED,
        }

    def _compare(self, loader: Loader, connection_id: UUID, names: Sequence[str]) -> None:
        held, past = self._read(connection_id, names)
        if past:
            shelve(loader, past)
        for name in names:
            old = tuple(held.get(name, ()))
            new = old
            if name in past:
                new = self._valued(name, past[name], loader.shelf.catalogue())
            if not self.reach.nets_anew and (new is old or worth(new) == worth(old)):
                continue
            was = self.before.until_now(old)
            now = was if new is old else self.after.until_now(new)
            earlier = changes(was)
            later = earlier if now is was else changes(now)
            self.months.add(was, earlier, self.before, -1)
            self.months.add(now, later, self.after, 1)
            for one in differences(earlier, later) if later is not earlier else ():
                self.found.add(Moved(connection_id, name, one))

    def _read(
        self, connection_id: UUID, names: Sequence[str]
    ) -> tuple[Mapping[str, list[Segment]], Mapping[str, list[Configuration]]]:
        """Read what is stored of some payers, again where an increment came between the two statements."""
        organization_id = self.build.organization_id
        while True:
            at = self._computed_at()
            held = ledgers(self.build, Scope(connection_id, names))
            touched = self.reach.valued_anew(organization_id, connection_id, names)
            past = configurations(organization_id, Scope(connection_id, touched)) if touched else {}
            if self._computed_at() == at:
                return held, past

    def _computed_at(self) -> datetime:
        pointers = CurrentBuild.objects.filter(organization_id=self.build.organization_id)
        at: datetime = pointers.values_list("computed_at", flat=True).get()
        return at

    def _valued(self, name: str, past: list[Configuration], catalogue: Catalogue) -> tuple[Segment, ...]:
        """Value one payer; whoever cannot be computed counts as nothing, as in a build."""
        try:
            return tuple(one for one in segments(past, catalogue, self.after.definition) if fits(one))
        except Exception:
            logger.exception("Customer %s could not be previewed.", name)
            return ()


def _written(flows: Mapping[str, Mapping[Any, Mapping[str, int]]]) -> dict[str, dict[str, list[int]]]:
    return {
        currency: {month.isoformat(): [row[name] for name in FLOWS] for month, row in sorted(rows.items())}
        for currency, rows in flows.items()
    }
