"""Trials as rows: of one that still runs, what it would be worth if it were paid."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from metrics.build.load import Loader
from metrics.build.rows import Row
from metrics.cohorts.tally import Tally
from metrics.exposure.loading import Look
from metrics.exposure.stripe import Reader
from metrics.queries import Shown
from metrics.trials.trial import RUNNING, Trial


class Worth(NamedTuple):
    """What a running trial would count once it is paid, when it is to end, and whether it is to be left."""

    worth_micro: int = 0
    ends_at: int | None = None
    cancels: bool = False


def trial_rows(
    shown: Shown, connection_id: UUID, found: Sequence[tuple[str, Trial]], tally: Tally
) -> list[Row]:
    """Return the rows of some customers' trials."""
    running = sorted({name for name, one in found if one.state == RUNNING})
    worth, rows = _worth(shown, connection_id, running), list[Row]()
    for name, one in found:
        month, on, days = tally.started(one)
        told = worth.get(one.subscription, Worth()) if one.state == RUNNING else Worth()
        key = (connection_id, name, one.subscription, one.currency, one.price)
        rows.append((*key, month, on, one.state, days, *told))
    return rows


def _worth(shown: Shown, connection_id: UUID, names: Sequence[str]) -> dict[str, Worth]:
    if not names:
        return {}
    fresh = shown.freshness
    assert fresh.definition_version is not None
    assert fresh.computed_at is not None
    assert shown.build is not None
    look = Look(
        shown.organization_id,
        connection_id,
        fresh.definition_version,
        shown.build,
        shown.definition,
        int(fresh.computed_at.timestamp()),
        shown.today,
    )
    loader = Loader(shown.organization_id, connection_id, whole=False)
    found = {}
    for account in look.accounts(names, Reader(), loader).values():
        for one in account.standings:
            ends = [part.trial_ends_at for part in one.parts if part.trial_ends_at is not None]
            worth = sum(part.trial_micro for part in one.parts)
            found[one.subscription] = Worth(worth, min(ends, default=None), one.cancels)
    return found
