"""A build in the making: ranges of payers, each built by whoever is free, and the switch when all are.

The plan and what is left of each range stand in the database. Whoever works on a part holds the lock of its
row for one transaction, which writes the rows, adds the sums and moves the range on: a process that dies
leaves its part as it was, free for the next. A plan built from the mirror takes all marks of changed payers
with it, so another may replace it only from the mirror too.
"""

import time
from collections.abc import Iterable, Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.jobs import enqueue
from accounts.tenancy import tenant
from config import clock
from metrics import definitions
from metrics.build import failed, stored, tables
from metrics.build.analyzing import analyze_grown
from metrics.build.batch import uncollected
from metrics.build.load import fetch
from metrics.build.marks import unmark_all
from metrics.build.rebuild import EDITION, Work, point
from metrics.build.sources import Sources, sources
from metrics.build.tally import Cut
from metrics.build.write import Build, execute
from metrics.models import BuildPart, BuildPlan, CurrentBuild
from metrics.restating.checking import after_rebuild

JOB = "build_part"
PAYERS = 50_000
STEP_SECONDS = 5.0
# Who subscribes is nearly everyone who pays, and one index tells; a range may hold some more.
LAST_OF_RANGES = (
    "SELECT customer_id FROM ("
    "SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS place FROM ("
    "SELECT DISTINCT customer_id FROM {table} "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id <> '') AS payer"
    ") AS placed WHERE place %% %s = 0 ORDER BY place"
)
# Two parts that add to the same days at once would wait for each other's rows.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def plan_of(organization_id: UUID) -> BuildPlan | None:
    """Return the plan of the build in the making, if one is."""
    return BuildPlan.objects.filter(organization_id=organization_id).first()


def is_due(plan: BuildPlan, summed: Sources) -> bool:
    """Say whether a plan makes the build that is wanted now."""
    newest = definitions.latest_version(plan.organization_id)
    return _same_facts(plan, summed) and plan.definition_version == newest


def must_read_mirror(plan: BuildPlan, summed: Sources) -> bool:
    """Say whether only the mirror can replace what a plan began."""
    return not plan.from_history or not _same_facts(plan, summed)


def _same_facts(plan: BuildPlan, summed: Sources) -> bool:
    return plan.edition == EDITION and set(plan.connection_ids) == set(summed.connection_ids)


def begin(organization_id: UUID, *, from_history: bool = False) -> None:
    """Plan a build of everything from the mirror, or from the stored history where only the rules changed.

    The caller holds the build lock. A plan in progress is given up, its rows are deleted.
    """
    analyze_grown()
    now = clock.now()
    with tenant(organization_id):
        # Waits for those who work on its parts at this moment; none begins another.
        BuildPart.objects.filter(organization_id=organization_id).delete()
        given_up = plan_of(organization_id)
        summed, definition = sources(organization_id), definitions.latest(organization_id)
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        version, number = (pointer.definition_version, pointer.build) if pointer else (0, 0)
        stored.drop_other_builds(Build(organization_id, version, number))
        if given_up:
            from_history = from_history and not must_read_mirror(given_up, summed)
            number = max(number, given_up.build)
            given_up.delete()
        plan = BuildPlan.objects.create(
            organization_id=organization_id,
            definition_version=definition.version,
            build=number + 1,
            computed_at=now,
            data_through=summed.data_through,
            connection_ids=list(summed.connection_ids),
            edition=EDITION,
            from_history=from_history,
        )
        parts = BuildPart.objects.bulk_create(_parts(plan))
        if not from_history:
            unmark_all(organization_id)
        _ask(parts)


def _parts(plan: BuildPlan) -> Iterator[BuildPart]:
    ranges = ((each, *bounds) for each in plan.connection_ids for bounds in _ranges(plan, each))
    for position, (connection_id, after, last) in enumerate(ranges):
        yield BuildPart(
            organization_id=plan.organization_id,
            definition_version=plan.definition_version,
            build=plan.build,
            position=position,
            connection_id=connection_id,
            after=after,
            last=last,
        )


def _ranges(plan: BuildPlan, connection_id: UUID) -> Iterable[tuple[str, str | None]]:
    table = "metrics_configuration" if plan.from_history else "billing_sync_subscription"
    bound = (plan.organization_id, connection_id, PAYERS)
    lasts = [name for (name,) in fetch(LAST_OF_RANGES.format(table=table), bound)]
    return zip(["", *lasts], [*lasts, None], strict=True)


def _ask(parts: Iterable[BuildPart]) -> None:
    """Have other processes take part, unless one part is all there is."""
    wanted = list(parts)
    if len(wanted) > 1:
        for part in wanted:
            enqueue(part.organization_id, JOB, key_of(part))


def key_of(part: BuildPart) -> str:
    """Return the key of the job that builds a part."""
    return f"{part.definition_version}.{part.build}.{part.position}"


def remaining(organization_id: UUID, key: str) -> bool:
    """Say whether the part with a job's key is still to be built."""
    with tenant(organization_id):
        return _of_key(organization_id, key).exists()


def step(organization_id: UUID, key: str | None = None) -> bool:
    """Build for some seconds on a part, or on that of a job; False where nobody has to or others do."""
    with tenant(organization_id), uncollected():
        free = _of_key(organization_id, key).select_for_update(skip_locked=True)
        part = free.order_by("position").first()
        if part is None:
            return False
        plan = BuildPlan.objects.get(organization_id=organization_id)
        _work_on(part, plan)
    return True


def _of_key(organization_id: UUID, key: str | None) -> QuerySet[BuildPart]:
    open_parts = BuildPart.objects.filter(organization_id=organization_id, done_at=None)
    if key is None:
        return open_parts
    version, build, position = (int(number) for number in key.split("."))
    return open_parts.filter(definition_version=version, build=build, position=position)


def _work_on(part: BuildPart, plan: BuildPlan) -> None:
    build, cut = _made_of(plan)
    work = Work.on(build, part.connection_id, cut, from_history=plan.from_history)
    deadline = time.monotonic() + STEP_SECONDS
    while part.done_at is None:
        reached = work.chunk(part.after, part.last)
        if reached is None or reached == part.last:
            part.done_at = clock.now()
        else:
            part.after = reached
        if time.monotonic() > deadline:
            break
    execute(ONE_AT_A_TIME, [f"metrics.sums {part.organization_id}"])
    tables.add(work.tally, build)
    part.save(update_fields=["after", "done_at"])


def _made_of(plan: BuildPlan) -> tuple[Build, Cut]:
    definition = definitions.of_version(plan.organization_id, plan.definition_version)
    build = Build(plan.organization_id, plan.definition_version, plan.build)
    return build, Cut.of(definition, plan.computed_at)


def is_built(organization_id: UUID) -> bool:
    """Say whether every part of the plan is done and readers may see the build."""
    with tenant(organization_id):
        if plan_of(organization_id) is None:
            return False
        return not _of_key(organization_id, None).exists()


def show(organization_id: UUID) -> None:
    """Let every reader see the build whose parts are all done. The caller holds the build lock."""
    analyze_grown()
    with tenant(organization_id):
        plan = BuildPlan.objects.get(organization_id=organization_id)
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        build, cut = _made_of(plan)
        summed = Sources(tuple(plan.connection_ids), plan.data_through, importing=False)
        stored.drop_other_connections(organization_id, summed.connection_ids)
        failed.refresh(organization_id, summed.connection_ids, ZoneInfo(cut.definition.time_zone))
        point(build, summed, cut)
        after_rebuild(build, pointer)
        BuildPart.objects.filter(organization_id=organization_id).delete()
        plan.delete()
    with tenant(organization_id):
        stored.drop_other_builds(build)
