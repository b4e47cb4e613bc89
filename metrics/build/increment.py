"""Some payers again, in place: their rows, and the sums that they moved, in one transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.tenancy import tenant_road
from metrics.build import adding, failed
from metrics.build.batch import Batch, uncollected
from metrics.build.differing import Held
from metrics.build.load import Loader
from metrics.build.marks import UNMARK
from metrics.build.pipeline import Answer, Road, packed
from metrics.build.rebuild import work
from metrics.build.taking import Taken, take
from metrics.build.tally import Counted, Tally
from metrics.build.write import Scope
from metrics.core.ledger import Segment
from metrics.exposure import changed as diagnoses
from metrics.restating.checking import after_increment

MARKS_AT_ONCE = 500
POINT = "UPDATE metrics_currentbuild SET computed_at = %s, data_through = %s WHERE organization_id = %s"
CONCLUDE = f"WITH unmarked AS ({UNMARK}) {POINT}"


def increment(organization_id: UUID, at_once: int = MARKS_AT_ONCE) -> bool:
    """Work off some marks, and with the last every dated change that is due; say whether marks remain.

    The instant to which the tables run moves for everyone at once, so all that changed by date on the
    way belongs to the same transaction.
    """
    taken = _in_place(organization_id, at_once)
    return taken is not None and taken.more


def increment_wanted(organization_id: UUID, at_once: int = MARKS_AT_ONCE) -> bool | None:
    """Do as `increment`; nothing, and return None, where the build that is shown is not the one wanted."""
    taken = _in_place(organization_id, at_once, only_wanted=True)
    return None if taken is None else taken.more


def _in_place(organization_id: UUID, at_once: int, *, only_wanted: bool = False) -> Taken | None:
    with tenant_road(organization_id) as road, uncollected():
        taken = take(organization_id, at_once, road)
        if taken is None or (only_wanted and not taken.is_wanted):
            return None
        _work(taken, road)
    if taken.more and not taken.marks:
        # Others have all there were; with what they leave, time moves on.
        with tenant_road(organization_id) as road, uncollected():
            rest = take(organization_id, at_once, road, beside_others=False)
            if rest is not None:
                _work(rest, road)
    return taken


def _work(taken: Taken, road: Road) -> None:
    tally, renamed = Tally(), dict[str, str]()
    changed: list[tuple[Batch, Held]] = []
    failures: list[Answer] = []
    for connection_id, names in taken.payers.items():
        batch, held, others = _again(taken, Scope(connection_id, sorted(names)), tally, failures, road)
        changed.append((batch, held))
        renamed |= others
    failed_days = failed.moved(failures, ZoneInfo(taken.cut.definition.time_zone))
    for batch, held in changed:
        batch.store_changed(held, road)
    # Last, for others wait for the days that they move as well.
    failed.add(failed_days, taken.build.organization_id, road)
    adding.add(tally, taken.build, renamed, road)
    diagnoses.mark(taken.payers, taken.build.organization_id, road)
    _conclude(taken, road)
    if taken.has_closed_months:
        road.travel()
        after_increment(taken.build, taken.payers)


def _again(
    taken: Taken, scope: Scope, tally: Tally, failures: list[Answer], road: Road
) -> tuple[Batch, Held, dict[str, str]]:
    """Compute some payers of a connection; return the rows, those before, and prices in another product."""
    names = scope.customer_ids or ()
    loader = Loader(taken.build.organization_id, scope.connection_id, whole=False)
    held = Held(taken.build, scope, road)
    loader.ask(names, road)
    failures.append(failed.again(taken.build.organization_id, scope, road))
    road.travel()
    held.receive()
    ledgers, movements = held.ledgers(), held.movements()
    batch = Batch(scope.connection_id, taken.cut, tally)
    for name, ledger in ledgers.items():
        batch.counted[name] = Counted(taken.before.until_now(ledger), movements[name])
    work(batch, loader, names)
    # Of those who could not be computed.
    for counted in batch.counted.values():
        tally.take_out(counted, taken.before)
    return batch, held, _renamed(ledgers.values(), tally)


def _renamed(ledgers: Iterable[Iterable[Segment]], tally: Tally) -> dict[str, str]:
    products = tally.products
    if not products:
        return {}
    before = {(one.price, one.product) for ledger in ledgers for one in ledger}
    return {price: products[price] for price, old in before if products.get(price, old) != old}


def _conclude(taken: Taken, road: Road) -> None:
    """Forget the marks, unless they were set again since, and point to the instant reached."""
    organization_id = taken.build.organization_id
    done, reached = tuple[Any, ...](), tuple[Any, ...]()
    if taken.marks:
        done = (*map(packed, ("uuid", "text", "uuid"), zip(*taken.marks, strict=True)), organization_id)
    if not taken.more:
        reached = (taken.cut.moment(), taken.data_through, organization_id)
    if done or reached:
        road.send(CONCLUDE if done and reached else POINT if reached else UNMARK, done + reached)
