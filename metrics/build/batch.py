"""One chunk of payers on its way through the core."""

import gc
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from metrics.build import rows
from metrics.build.differing import Held
from metrics.build.invoiced import Invoiced
from metrics.build.pipeline import Road
from metrics.build.tally import Counted, Cut, Tally
from metrics.build.write import Build, Scope, fill, insert, replace
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import Segment, segments

logger = logging.getLogger(__name__)

# A customer's sum of several such amounts still fits 64 bits.
LARGEST = 1 << 60
# Instants, in unix seconds, that PostgreSQL can hold with room on both sides.
EARLIEST, LATEST = -(1 << 37), 1 << 42
NOTHING = Counted()


@dataclass(slots=True)
class Batch:
    """The rows that a chunk of one connection's payers becomes; its sums go into the tally.

    They go there in the place of what is `counted` of a payer. What is stored stays of one who is `unmoved`.
    """

    connection_id: UUID
    cut: Cut
    tally: Tally
    counted: dict[str, Counted] = field(default_factory=dict)
    unmoved: set[str] = field(default_factory=set)
    configurations: list[rows.Row] = field(default_factory=list)
    invoiced: list[rows.Row] = field(default_factory=list)
    unused: list[rows.Row] = field(default_factory=list)
    dated: list[rows.Row] = field(default_factory=list)
    segments: list[rows.Row] = field(default_factory=list)
    movements: list[rows.Row] = field(default_factory=list)
    balances: list[rows.Row] = field(default_factory=list)

    @contextmanager
    def apart(self, customer_id: str) -> Iterator[None]:
        """List a payer whom the block cannot compute and go on: the others count, this one as nothing."""
        try:
            yield
        except Exception:
            logger.exception("Customer %s could not be computed.", customer_id)
            self.unused.append((self.connection_id, customer_id, customer_id, "could_not_be_computed"))

    def remember(
        self, customer_id: str, past: Sequence[Configuration], unused: Iterable[tuple[str, str]]
    ) -> None:
        """Take in one payer's history and the objects that it could not use."""
        key = (self.connection_id, customer_id)
        storable = [one for one in past if 0 <= one.quantity < LARGEST and lasts(one)]
        self.configurations += [rows.configuration_row(*key, one) for one in storable]
        self.unused += [(*key, name[:255], rule[:255]) for name, rule in dict.fromkeys(unused)]

    def bill(self, customer_id: str, lines: Iterable[Invoiced]) -> None:
        """Take in the amounts of one payer's invoices."""
        key = (self.connection_id, customer_id)
        for line in lines:
            if storable(line):
                self.invoiced.append(key + line)
            else:
                self.unused.append((*key, f"{line.invoice}/{line.id}"[:255], "invoiced_out_of_range"))

    def value(self, customer_id: str, past: Iterable[Configuration], catalogue: Catalogue) -> None:
        """Value one payer's history under the definition and count what it did."""
        key = (self.connection_id, customer_id)
        ledger = segments(past, catalogue, self.cut.definition)
        if not all(map(fits, ledger)):
            beyond = {one.subscription for one in ledger if not fits(one)}
            self.unused += [(*key, name[:255], "amount_out_of_range") for name in sorted(beyond)]
            ledger = tuple([one for one in ledger if fits(one)])
        known = self.cut.until_now(ledger)
        counted = self.counted.get(customer_id, NOTHING)
        if counted.moves(known):
            moved = self.tally.put(known, self.cut, counted)
            self.movements += rows.movement_rows(*key, moved)
            self.balances += rows.balance_rows(*key, known, moved)
        else:
            self.unmoved.add(customer_id)
        self.counted.pop(customer_id, None)
        self.segments += [rows.segment_row(*key, one) for one in ledger]
        change = self.cut.next_change(ledger)
        if change is not None:
            self.dated.append((*key, change))

    def store_history(self, organization_id: UUID, scope: Scope) -> None:
        """Write the scope's history where it differs from what is stored."""
        build = Build(organization_id)
        replace(rows.CONFIGURATION, build, scope, self.configurations)
        replace(rows.INVOICED, build, scope, self.invoiced)
        replace(rows.UNUSED, build, scope, self.unused)

    def store_unused(self, organization_id: UUID) -> None:
        """Add what a valuation of the stored history could not use to what is listed."""
        insert(rows.UNUSED, Build(organization_id), self.unused)

    def store_new(self, build: Build, scope: Scope) -> None:
        """Write what a new build makes of the scope."""
        replace(rows.DATED, build, scope, self.dated)
        fill(rows.SEGMENT, build, self.segments)
        fill(rows.MOVEMENT, build, self.movements)
        fill(rows.BALANCE, build, self.balances)

    def store_changed(self, held: Held, road: Road) -> None:
        """Write what differs from what is stored of the payers in a build in use."""
        held.replace(
            {
                rows.CONFIGURATION: self.configurations,
                rows.INVOICED: self.invoiced,
                rows.UNUSED: self.unused,
                rows.DATED: self.dated,
                rows.SEGMENT: self.segments,
                rows.MOVEMENT: self.movements,
                rows.BALANCE: self.balances,
            },
            self.unmoved,
            road,
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python look for cycles after the block: many payers' facts hold none, and looking takes a third."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def fits(one: Segment) -> bool:
    """Say whether a segment's amounts can be stored and summed."""
    return max(one.quantity, one.mrr_micro, one.committed_micro) < LARGEST and lasts(one)


def storable(line: Invoiced) -> bool:
    """Say whether an invoiced line's amounts and instants can be stored and summed."""
    (*_, billed_at, paid_at, start, end, _, amount, off, once, repeating, tax, added) = line
    return (
        EARLIEST < billed_at < LATEST
        and (paid_at is None or EARLIEST < paid_at < LATEST)
        and EARLIEST < start < LATEST
        and EARLIEST < end < LATEST
        and -LARGEST < amount < LARGEST
        and (not (off or once or repeating) or max(map(abs, (off, once, repeating))) < LARGEST)
        and (not (tax or added) or max(abs(tax), abs(added)) < LARGEST)
    )


def lasts(one: Configuration | Segment) -> bool:
    """Say whether the bounds of a span can be stored."""
    return EARLIEST < one.start < LATEST and (one.end is None or EARLIEST < one.end < LATEST)
