"""Movements netted by event or by month, of all customers: only those by day are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from metrics.build.stored import ledgers, valued_customers
from metrics.build.tally import Cut
from metrics.build.write import Build, Scope
from metrics.core.intervals import windows
from metrics.core.movements import Movement, movements, steps
from metrics.evidence.narrowing import Narrowed
from metrics.extracts.cursors import Row
from metrics.extracts.statements import Chosen
from metrics.models import CurrentBuild
from metrics.queries import Shown

CHUNK = 2_000


def netted(shown: Shown, window: str, wanted: Chosen) -> Iterator[Row]:
    """Yield movements of a window, customer by customer; the columns are those of the stored ones."""
    pointer = CurrentBuild.objects.filter(organization_id=shown.organization_id).first()
    if pointer is None:
        return
    cut, frame = Cut.of(shown.definition, pointer.computed_at), windows(window, shown.zone.key)
    narrowed = Narrowed(shown, wanted.sum)
    build = Build(shown.organization_id, pointer.definition_version, pointer.build)
    for connection_id in pointer.connection_ids:
        after = ""
        while names := valued_customers(build, connection_id, after, CHUNK):
            kept = narrowed.of_payers(connection_id, names)
            for customer_id, ledger in ledgers(build, Scope(connection_id, kept)).items():
                for one in movements(steps(cut.until_now(ledger)), frame):
                    amount = narrowed.counted(one) if _meets(one, wanted) else None
                    if amount is not None:
                        yield _row(connection_id, customer_id, one, amount, window)
            after = names[-1]


def _meets(one: Movement, wanted: Chosen) -> bool:
    within = wanted.start <= one.on < wanted.end
    return within and wanted.currency in ("", one.currency) and wanted.kind in ("", one.kind)


def _row(connection_id: UUID, customer_id: str, one: Movement, amount: int, window: str) -> Row:
    at = datetime.fromtimestamp(one.at, UTC) if window == "event" else None
    subscriptions = sorted({leg.subscription for leg in one.legs})
    who = connection_id, customer_id, "", ""
    return (one.on, at, *who, one.kind, amount, None, one.currency, subscriptions, list(one.reasons))
