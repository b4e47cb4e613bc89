"""Everything again, under a new build that readers see at once when it is complete."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from accounts.tenancy import tenant
from config import clock
from metrics import definitions
from metrics.build import stored, tables
from metrics.build.batch import Batch
from metrics.build.load import Loader, payers
from metrics.build.marks import marked, unmark
from metrics.build.sources import Sources, sources
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build, Scope
from metrics.core.history import Configuration, history
from metrics.models import CurrentBuild
from metrics.restating.checking import after_rebuild

# Four times as many are no faster and take 70 MB more.
CHUNK = 250
# Raise it with every change of the core that can change a number: an upgrade then builds again.
EDITION = 5


def rebuild(organization_id: UUID, *, from_history: bool = False) -> None:
    """Build everything from the mirror, or from the stored history where only the definition changed."""
    now = clock.now()
    with tenant(organization_id):
        marks = [] if from_history else marked(organization_id)
        summed = sources(organization_id)
        definition = definitions.latest(organization_id)
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        build = Build(organization_id, definition.version, pointer.build + 1 if pointer else 1)
        if pointer:
            stored.drop_other_builds(Build(organization_id, pointer.definition_version, pointer.build))
    cut, tally = Cut.of(definition, now), Tally()
    for connection_id in summed.connection_ids:
        _rebuild_connection(build, connection_id, cut, tally, from_history=from_history)
    with tenant(organization_id):
        tables.add(tally, build)
        stored.drop_other_connections(organization_id, summed.connection_ids)
        point(build, summed, cut)
        after_rebuild(build, pointer)
        unmark(organization_id, marks)
    with tenant(organization_id):
        stored.drop_other_builds(build)


def _rebuild_connection(
    build: Build, connection_id: UUID, cut: Cut, tally: Tally, *, from_history: bool
) -> None:
    organization_id = build.organization_id
    after: str | None = ""
    find = stored.next_customers if from_history else payers
    with tenant(organization_id):
        loader = Loader(organization_id, connection_id)
    while after is not None:
        with tenant(organization_id):
            names = find(organization_id, connection_id, after, CHUNK)
            # The last chunk has no upper bound, so that what is stored of vanished payers goes with it.
            scope = Scope(connection_id, after=after, last=names[-1] if len(names) == CHUNK else None)
            batch = Batch(connection_id, cut, tally)
            if from_history:
                revalue(batch, loader, organization_id, scope)
                batch.store_unused(organization_id)
            else:
                work(batch, loader, names)
                batch.store_history(organization_id, scope)
            batch.store_new(build, scope)
            after = scope.last


def work(batch: Batch, loader: Loader, names: Sequence[str]) -> None:
    """Take payers all the way from their mirrored objects."""
    for customer_id, loaded in loader.loaded(names).items():
        with batch.apart(customer_id):
            past = history(loaded.customer(customer_id), loader.shelf.catalogue())
            unused = [*loaded.unused, *((one.object_id, one.rule) for one in past.set_aside)]
            batch.remember(customer_id, past.configurations, unused)
            batch.bill(customer_id, loaded.invoiced())
            batch.value(customer_id, past.configurations, loader.shelf.catalogue())


def revalue(batch: Batch, loader: Loader, organization_id: UUID, scope: Scope) -> None:
    """Take payers from their stored history; prices that only payloads embed are read from those."""
    past = stored.configurations(organization_id, scope)
    shelf = loader.shelf
    shelve(loader, past)
    for name, found in past.items():
        with batch.apart(name):
            batch.value(name, found, shelf.catalogue())


def shelve(loader: Loader, past: Mapping[str, Sequence[Configuration]]) -> None:
    """Bring the prices and coupons that only the payloads of some payers hold onto the loader's shelf."""
    shelf = loader.shelf
    lacking = [
        name
        for name, found in past.items()
        if any(
            one.price not in shelf.prices or any(a.coupon not in shelf.coupons for a in one.discounts)
            for one in found
        )
    ]
    for _ in loader.customers(lacking):
        pass


def point(build: Build, summed: Sources, cut: Cut) -> None:
    """Make a build the one that every reader sees."""
    CurrentBuild.objects.update_or_create(
        organization_id=build.organization_id,
        defaults={
            "definition_version": build.definition_version,
            "build": build.number,
            "computed_at": cut.moment(),
            "data_through": summed.data_through,
            "connection_ids": list(summed.connection_ids),
            "edition": EDITION,
        },
    )
