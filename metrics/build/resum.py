"""The tables again from what a build stores, valuing nobody: only rows that differ are written."""

from uuid import UUID

from accounts.tenancy import tenant
from metrics import definitions
from metrics.build import columns, departures
from metrics.build.replacing import replace
from metrics.build.sources import alone
from metrics.build.tally import Cut, Tally
from metrics.build.write import Build
from metrics.models import CurrentBuild


def resum(organization_id: UUID) -> int:
    """Sum the stored segments of the build in use again; return how many rows of the tables differed.

    The caller holds the build lock, so that what is read and what is written belong together.
    """
    with tenant(organization_id):
        pointer = CurrentBuild.objects.get(organization_id=organization_id)
        definition = definitions.of_version(organization_id, pointer.definition_version)
    build = Build(organization_id, pointer.definition_version, pointer.build)
    tally = Tally()
    for connection_id in pointer.connection_ids:
        count(build, connection_id, Cut.of(definition, pointer.computed_at), tally)
    with tenant(organization_id):
        return replace(tally, build) + departures.count_again(build)


def count(build: Build, connection_id: UUID, cut: Cut, tally: Tally) -> None:
    """Add the stored segments of a connection to a tally."""
    for currency, flow in columns.flows(columns.batches(build, connection_id, cut), tally, cut):
        tally.of(currency, cut).add(flow)


def repair(organization_id: UUID) -> int:
    """Sum again while nobody computes; return how many rows of the tables differed."""
    with alone(organization_id):
        return resum(organization_id)
