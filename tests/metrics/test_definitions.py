import pytest

from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from metrics import definitions
from metrics.alerts import versions
from metrics.models import Definition
from metrics.settings import SettingError
from tests.cast import Person


def test_the_first_version_takes_the_organizations_time_zone(organization: Organization) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone="Asia/Kolkata")
    with tenant(organization.id):
        first = definitions.latest(organization.id)
    assert (first.version, first.time_zone, first.churn_at) == (1, "Asia/Kolkata", "end_of_paid_term")


def test_a_change_makes_the_next_version_and_keeps_the_one_before(
    organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        second = definitions.set_definition(
            organization.id, {"movement_window": "month", "past_due_grace_days": "7"}, by=owner.user
        )
        assert (second.version, second.movement_window, second.past_due_grace_days) == (2, "month", 7)
        assert definitions.of_version(organization.id, 1).movement_window == "day"
        assert definitions.latest(organization.id) == second
        assert AuditEntry.objects.get(action="definition.changed").actor == owner.user


def test_a_change_of_nothing_makes_no_version(organization: Organization) -> None:
    with tenant(organization.id):
        definitions.set_definition(organization.id, {"movement_window": "day"})
        assert Definition.objects.count() == 1


def test_thresholds_of_alerts_are_settings_with_versions_of_their_own(organization: Organization) -> None:
    with tenant(organization.id):
        before = definitions.latest(organization.id)
        after = definitions.set_definition(organization.id, {"revenue_churn_threshold": "0.05"})
        version, alerts = versions.latest(organization.id)
        again = versions.set_rules(organization.id, {"revenue_churn_threshold": "0.05"})
    assert after == before
    assert (version, str(alerts.revenue_churn_threshold)) == (2, "0.05")
    assert again == version


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"chrun_at": "x"}, "There is no setting chrun_at. The settings are .*arr_growth_ratio, churn_at"),
        ({"churn_at": "whenever"}, "Use one of end_of_paid_term, cancellation_request"),
        ({"time_zone": "Mars/Base"}, "Use a name such as Europe/Paris"),
        ({"version": 9}, "version is counted"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(
    organization: Organization, values: dict[str, object], words: str
) -> None:
    with tenant(organization.id), pytest.raises(SettingError, match=words):
        definitions.set_definition(organization.id, values)


def test_definitions_of_another_organization_are_not_seen(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(other_organization.id):
        definitions.set_definition(other_organization.id, {"movement_window": "month"})
    with tenant(organization.id):
        assert definitions.latest(organization.id).movement_window == "day"
        assert Definition.objects.count() == 1
