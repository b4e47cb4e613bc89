"""Which road brings an organization's numbers up to date: some payers, all again, or all anew.

While a build is in the making, changed payers wait for it with their marks and dated changes: readers see
the build before, as it stood, and the first increment after the switch takes up whatever came meanwhile.
"""

import time
from collections.abc import Iterable
from enum import Enum
from uuid import UUID

from accounts.tenancy import tenant
from billing_sync.models import Customer, DirtyCustomer
from metrics import definitions
from metrics.build import parts
from metrics.build.increment import increment, increment_wanted
from metrics.build.rebuild import EDITION
from metrics.build.sources import Sources, alone, beside_others, sources
from metrics.build.taking import MOST
from metrics.models import BuildPlan, CurrentBuild

SHARE = 4
PAUSE_SECONDS = 0.2


class Road(Enum):
    WAIT = "wait"
    MIRROR = "mirror"
    HISTORY = "history"
    PARTS = "parts"
    INCREMENT = "increment"


class Pace(Enum):
    """What is left after a piece of work: nothing, more, only what others do, or a first import to await."""

    DONE = "done"
    MORE = "more"
    OTHERS = "others"
    WAIT = "wait"


def recompute(organization_id: UUID, customers: Iterable[tuple[UUID, str]] | None = None) -> None:
    """Compute everyone again from the mirror, or some (connection, customer) in place; no Stripe call."""
    if customers is None:
        with alone(organization_id):
            parts.begin(organization_id)
    else:
        with tenant(organization_id):
            mark(organization_id, customers)
    catch_up(organization_id)


def catch_up(organization_id: UUID) -> None:
    """Do everything that is due here, beside whoever works on parts of it, to the end."""
    while (pace := advance(organization_id)) not in (Pace.DONE, Pace.WAIT):
        if pace is Pace.OTHERS:
            time.sleep(PAUSE_SECONDS)


def mark(organization_id: UUID, customers: Iterable[tuple[UUID, str]]) -> None:
    """Mark payers to be computed again, as the mirror does."""
    DirtyCustomer.objects.bulk_create(
        [
            DirtyCustomer(organization_id=organization_id, connection_id=connection_id, customer_id=name)
            for connection_id, name in customers
        ],
        update_conflicts=True,
        unique_fields=["organization_id", "connection_id", "customer_id"],
        update_fields=["marked"],
    )


def advance(organization_id: UUID) -> Pace:
    """Do one piece of what is due; say what is left."""
    # Nearly always the build that is shown is the one wanted, and few payers are marked.
    more = increment_wanted(organization_id)
    if more is not None:
        return Pace.MORE if more else Pace.DONE
    with beside_others(organization_id):
        road = which(organization_id)
        if road is Road.INCREMENT:
            return Pace.MORE if increment(organization_id) else Pace.DONE
    if road is Road.WAIT:
        return Pace.WAIT
    if road is not Road.PARTS:
        _begin(organization_id)
    worked = parts.step(organization_id)
    if parts.is_built(organization_id):
        return finish(organization_id)
    return Pace.MORE if worked else Pace.OTHERS


def _begin(organization_id: UUID) -> None:
    with alone(organization_id):
        # Another may have begun, and ended, since this was looked at.
        road = which(organization_id)
        if road in (Road.MIRROR, Road.HISTORY):
            parts.begin(organization_id, from_history=road is Road.HISTORY)


def finish(organization_id: UUID) -> Pace:
    """Show the build that is complete, unless something else is wanted by now or another was faster."""
    with alone(organization_id):
        if which(organization_id) is not Road.PARTS or not parts.is_built(organization_id):
            return Pace.MORE
        parts.show(organization_id)
    with tenant(organization_id):
        left = DirtyCustomer.objects.filter(organization_id=organization_id).exists()
    return Pace.MORE if left else Pace.DONE


def which(organization_id: UUID) -> Road:
    """Return what an organization's numbers need."""
    with tenant(organization_id):
        plan, wanted = parts.plan_of(organization_id), sources(organization_id)
        if plan is not None:
            return _instead_of(plan, wanted)
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        if pointer is None:
            return Road.WAIT if wanted.importing and not wanted.connection_ids else Road.MIRROR
        if pointer.edition != EDITION or set(pointer.connection_ids) != set(wanted.connection_ids):
            return Road.MIRROR
        if pointer.definition_version != definitions.latest_version(organization_id):
            return Road.HISTORY
        return Road.MIRROR if _many_marked(organization_id) else Road.INCREMENT


def _instead_of(plan: BuildPlan, wanted: Sources) -> Road:
    if parts.is_due(plan, wanted):
        return Road.PARTS
    return Road.MIRROR if parts.must_read_mirror(plan, wanted) else Road.HISTORY


def _many_marked(organization_id: UUID) -> bool:
    if not DirtyCustomer.objects.filter(organization_id=organization_id)[MOST - 1 : MOST].exists():
        return False
    marks = DirtyCustomer.objects.filter(organization_id=organization_id).count()
    enough = SHARE * marks + 1
    return Customer.objects.filter(organization_id=organization_id)[:enough].count() < enough
