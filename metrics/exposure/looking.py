"""Look at everyone once a local day and after every build, and in between at whoever was computed again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from accounts.tenancy import tenant
from metrics import queries
from metrics.build.batch import uncollected
from metrics.build.load import Loader
from metrics.build.stored import valued_customers
from metrics.build.write import Build, Scope, execute
from metrics.core.intervals import day_start
from metrics.countries import reading as countries
from metrics.exposure import changed, writing
from metrics.exposure.diagnoses import Day, diagnose
from metrics.exposure.loading import Look
from metrics.exposure.models import Diagnosing, Undiagnosed
from metrics.exposure.stripe import Reader
from metrics.outlook import writing as outlook
from metrics.queries import Shown

CHUNK = 1_000
MARKS_AT_ONCE = 500
# Raise it with every change that can change a diagnosis: an upgrade then looks at everyone again.
EDITION = 2
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def look(organization_id: UUID) -> bool:
    """Look at some of those whose turn it is; say whether others are left."""
    with tenant(organization_id), uncollected():
        execute(ALONE, (f"metrics.exposure {organization_id}",))
        shown = queries.shown(organization_id)
        if shown.build is None:
            return False
        progress = _progress(shown)
        if not progress.finished:
            _everyone(shown, progress)
            return True
        return _changed(shown)


def look_to_the_end(organization_id: UUID) -> None:
    """Look at everyone whose turn it is."""
    while look(organization_id):
        pass


def next_day(organization_id: UUID) -> datetime | None:
    """Return when everyone's turn comes again by date alone, None before the first build."""
    with tenant(organization_id):
        shown = queries.shown(organization_id)
    if shown.build is None:
        return None
    return datetime.fromtimestamp(day_start(shown.today + timedelta(days=1), shown.zone), UTC)


def _progress(shown: Shown) -> Diagnosing:
    """Return how far today's look at everyone has come, beginning it where it has not begun."""
    wanted = {
        "day": shown.today,
        "definition_version": shown.freshness.definition_version,
        "build": shown.build,
        "connection_ids": list(shown.connection_ids),
        "edition": EDITION,
    }
    found = Diagnosing.objects.filter(organization_id=shown.organization_id).first()
    if found is not None and all(getattr(found, name) == value for name, value in wanted.items()):
        return found
    writing.begin(shown.organization_id, shown.connection_ids)
    outlook.begin(shown.organization_id, shown.connection_ids)
    countries.begin(shown.organization_id, shown.connection_ids)
    start = {"connection_id": min(shown.connection_ids, default=None), "after": ""}
    fresh = Diagnosing(
        organization_id=shown.organization_id, **wanted, **start, finished=not shown.connection_ids
    )
    fresh.save()
    return fresh


def _everyone(shown: Shown, progress: Diagnosing) -> None:
    """Look at the next customers in the order of their accounts and ids."""
    connection_id = progress.connection_id
    assert connection_id is not None
    build = Build(shown.organization_id, progress.definition_version, progress.build)
    names = valued_customers(build, connection_id, progress.after, CHUNK)
    last = names[-1] if len(names) == CHUNK else None
    _diagnose(shown, Scope(connection_id, after=progress.after, last=last), names)
    later = [one for one in sorted(shown.connection_ids) if one > connection_id]
    progress.after = last or ""
    if last is None:
        progress.connection_id, progress.finished = min(later, default=None), not later
    progress.save()


def _changed(shown: Shown) -> bool:
    """Look at some of those who were computed again; say whether others are left."""
    rows = Undiagnosed.objects.filter(organization_id=shown.organization_id)
    ordered = rows.order_by("connection_id", "customer_id")
    marks = list(ordered.values_list("connection_id", "customer_id", "marked")[: MARKS_AT_ONCE + 1])
    taken = marks[:MARKS_AT_ONCE]
    for connection_id in sorted({one for one, *_ in taken} & set(shown.connection_ids)):
        names = [name for one, name, _ in taken if one == connection_id]
        _diagnose(shown, Scope(connection_id, names), names)
    changed.unmark(taken, shown.organization_id)
    return len(marks) > len(taken)


def _diagnose(shown: Shown, scope: Scope, names: Sequence[str]) -> None:
    fresh = shown.freshness
    assert shown.build is not None
    assert fresh.computed_at is not None
    assert fresh.definition_version is not None
    day, organization_id = Day(shown.today, shown.zone), shown.organization_id
    look = Look(
        organization_id,
        scope.connection_id,
        fresh.definition_version,
        shown.build,
        shown.definition,
        int(fresh.computed_at.timestamp()),
        day.on,
    )
    loader = Loader(organization_id, scope.connection_id, whole=False)
    accounts = look.accounts(names, Reader(), loader)
    outlook.replace(scope, look, accounts, loader, day)
    found = {name: diagnose(one.standings, one.contracted, day) for name, one in accounts.items()}
    writing.replace(organization_id, scope, writing.rows_of(scope.connection_id, found))
    countries.refresh(organization_id, scope.connection_id, names)
