"""Some payers again, in place: their rows, and the sums that they moved, in one transaction."""

from uuid import UUID

from accounts.tenancy import tenant
from config import clock
from metrics import definitions
from metrics.build import stored, tables
from metrics.build.batch import Batch
from metrics.build.load import Loader
from metrics.build.marks import due, marked, unmark
from metrics.build.rebuild import point, work
from metrics.build.sources import sources
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build, Scope
from metrics.models import CurrentBuild
from metrics.restating.checking import after_increment

MARKS_AT_ONCE = 500


def increment(organization_id: UUID) -> bool:
    """Work off some marks and every dated change that is due; say whether marks remain.

    The instant to which the tables run moves for everyone at once, so all that changed by date on the
    way belongs to the same transaction.
    """
    with tenant(organization_id):
        pointer = CurrentBuild.objects.get(organization_id=organization_id)
        definition = definitions.of_version(organization_id, pointer.definition_version)
        build = Build(organization_id, pointer.definition_version, pointer.build)
        before = Cut.of(definition, pointer.computed_at)
        cut = Cut(definition, max(before.at, int(clock.now().timestamp())))
        marks = marked(organization_id, MARKS_AT_ONCE)
        touched = due(organization_id, cut.moment())
        for connection_id, customer_id, _ in marks:
            touched[connection_id].add(customer_id)
        tally = Tally()
        for connection_id in sorted(set(touched) & set(pointer.connection_ids)):
            scope = Scope(connection_id, sorted(touched[connection_id]))
            _again(build, scope, before, cut, tally)
        tables.add(tally, build)
        point(build, sources(organization_id), cut)
        after_increment(build, touched)
        unmark(organization_id, marks)
    return len(marks) == MARKS_AT_ONCE


def _again(build: Build, scope: Scope, before: Cut, cut: Cut, tally: Tally) -> None:
    for ledger in stored.ledgers(build, scope).values():
        tally.add(ledger, before, -1)
    batch = Batch(scope.connection_id, cut, tally)
    loader = Loader(build.organization_id, scope.connection_id)
    work(batch, loader, scope.customer_ids or ())
    batch.store_history(build.organization_id, scope)
    batch.store_changed(build, scope)
