"""Whether MRR or ARR stands first: as an organization chose, or by how large its ARR is."""

from accounts.access import OrganizationRequest
from accounts.audit import record
from accounts.models import Organization, User
from dashboards.models import DisplaySettings, Emphasis
from metrics.core.money import MICRO, decimals
from metrics.flows import Month
from metrics.model import waterfall

# In major units of the currency that is shown.
ARR_FIRST_FROM = 100_000


def emphasis_of(organization: Organization) -> str:
    """Return what the organization chose, in its tenant; without a choice, automatic."""
    rows = DisplaySettings.objects.filter(organization=organization)
    return rows.values_list("emphasis", flat=True).first() or Emphasis.AUTOMATIC


def emphasis_for(request: OrganizationRequest) -> str:
    """Return what a request's organization chose; where its page has a tag, that statement told it."""
    told: str | None = getattr(request, "emphasis", None)
    return emphasis_of(request.organization) if told is None else told


def choose(organization: Organization, emphasis: str, *, by: User) -> None:
    """Keep what the organization chose and who chose it; the same again is no change."""
    before = emphasis_of(organization)
    if before == emphasis:
        return
    DisplaySettings.objects.update_or_create(organization=organization, defaults={"emphasis": emphasis})
    record("display_settings.changed", actor=by, emphasis=str(emphasis), before=str(before))


def arr_first(emphasis: str, month: Month) -> bool:
    """Say whether ARR stands before MRR on a page of a month.

    100,000.00 of ARR in eur are 10_000_000 minor units, in jpy 100_000, in kwd 100_000_000.
    """
    if emphasis != Emphasis.AUTOMATIC:
        return emphasis == Emphasis.ARR
    least: int = ARR_FIRST_FROM * 10 ** decimals(month.currency) * MICRO
    return waterfall(month).arr >= least
