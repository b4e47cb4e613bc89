"""Everything again, one chunk of payers after another, into a build that readers do not see yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from metrics.build import stored
from metrics.build.batch import Batch
from metrics.build.load import Loader, payers
from metrics.build.sources import Sources
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build, Scope
from metrics.core.history import Configuration, history
from metrics.models import CurrentBuild

# Four times as many are no faster and take 70 MB more.
CHUNK = 250
# A stored history is smaller than the objects it was made of.
CHUNK_OF_HISTORY = 1_000
# Raise it with every change of the core that can change a number: an upgrade then builds again.
EDITION = 7


@dataclass(slots=True)
class Work:
    """Some payers of one connection on their way into a build; the sums wait in the tally."""

    build: Build
    connection_id: UUID
    cut: Cut
    from_history: bool
    tally: Tally
    loader: Loader

    @classmethod
    def on(cls, build: Build, connection_id: UUID, cut: Cut, *, from_history: bool) -> "Work":
        """Read what all payers of the connection share."""
        loader = Loader(build.organization_id, connection_id)
        return cls(build, connection_id, cut, from_history, Tally(), loader)

    def chunk(self, after: str, last: str | None) -> str | None:
        """Build the next payers in `(after, last]`; return the last one taken, `last` where none is left.

        Without `last` the range has no end, so that what is stored of vanished payers goes with it.
        """
        organization_id = self.build.organization_id
        find, count = (stored.next_customers, CHUNK_OF_HISTORY) if self.from_history else (payers, CHUNK)
        names = find(organization_id, self.connection_id, after, count, last=last)
        scope = Scope(self.connection_id, after=after, last=names[-1] if len(names) == count else last)
        batch = Batch(self.connection_id, self.cut, self.tally)
        if self.from_history:
            revalue(batch, self.loader, organization_id, scope)
            batch.store_unused(organization_id)
        else:
            work(batch, self.loader, names)
            batch.store_history(organization_id, scope)
        batch.store_new(self.build, scope)
        return scope.last


def work(batch: Batch, loader: Loader, names: Sequence[str]) -> None:
    """Take payers all the way from their mirrored objects."""
    for customer_id, loaded in loader.loaded(names):
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
