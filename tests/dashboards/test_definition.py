"""The definition page, its versions, and a change that is previewed before it is saved."""

from typing import Any
from uuid import UUID

from accounts.models import Organization
from accounts.tenancy import tenant
from config.clock import set_now
from metrics import definitions
from metrics.alerts import versions
from metrics.models import CurrentBuild
from metrics.restating.models import Preview, PreviewedChange
from tests.cast import Person
from tests.dashboards.revenue import EURO, NOW, revenue
from tests.dashboards.test_statements import statements

PAGE = "/o/acme/audit/definition/"
SETTINGS = {
    "require_first_payment": "true",
    "past_due_grace_days": "",
    "usage": "exclude",
    "discounts": "forever_and_repeating",
    "paused_counts": "false",
    "churn_at": "end_of_paid_term",
    "refunds_netted_out": "true",
    "time_zone": "UTC",
    "movement_window": "day",
}


WRONG = [
    ("past_due_grace_days", "0", "greater than or equal to 1"),
    ("past_due_grace_days", "366", "less than or equal to 365"),
    ("past_due_grace_days", "a week", "Write a whole number of days, or leave it empty."),
    ("time_zone", "Mars/Base", "There is no time zone of this name."),
    ("time_zone", "../etc/passwd", "There is no time zone of this name."),
    ("discounts", "some", "Choose one of the values shown."),
    ("paused_counts", "maybe", "Choose one of the values shown."),
    ("movement_window", "", "This field is required."),
]


def shown(somebody: Person, url: str = PAGE, **query: Any) -> str:
    with set_now(NOW):
        answer = somebody.client.get(url, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def propose(owner: Person, **values: str) -> str:
    """Propose settings; return the preview's address."""
    with set_now(NOW):
        answer = owner.client.post(f"{PAGE}previews", {**SETTINGS, **values})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_every_setting_stands_with_its_value_and_meaning(owner: Person, organization: Organization) -> None:
    revenue(organization)
    page = shown(owner)
    assert "<strong>forever and repeating</strong>" in page
    assert "Days and months begin at midnight of this zone." in page
    assert all(f'id="setting-{name}"' in page for name in SETTINGS)
    assert "/o/acme/alerts/rules/revenue_churn" in page


def test_versions_say_who_changed_what(owner: Person, organization: Organization) -> None:
    with tenant(organization.id):
        definitions.set_definition(organization.id, {"discounts": "none"}, by=owner.user)
        versions.set_rules(organization.id, {"revenue_churn_threshold": "0.05"}, by=owner.user)
    page = shown(owner)
    assert f"· {owner.email}" in page
    assert '<span class="muted">forever and repeating →</span> none' in page
    assert '<span class="muted">0.03 →</span> 0.05' in page
    assert "before: forever and repeating" in shown(owner, f"{PAGE}versions/2")
    assert "before:" not in shown(owner, f"{PAGE}versions/1")
    assert owner.client.get(f"{PAGE}versions/3").status_code == 404


def test_a_viewer_reads_the_rules_and_cannot_propose_others(
    teammate: Person, organization: Organization
) -> None:
    revenue(organization)
    assert "Preview the change" not in shown(teammate)


def test_what_is_out_of_range_is_said_beside_its_field_and_nothing_is_saved(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    for name, value, message in WRONG:
        with set_now(NOW):
            answer = owner.client.post(f"{PAGE}previews", {**SETTINGS, name: value})
        assert answer.status_code == 400
        field = answer.content.decode().split(f'name="{name}"')[1].split("<label")[0]
        assert message in field, (name, value)
    with tenant(organization.id):
        assert not Preview.objects.exists()
        assert definitions.latest(organization.id).version == 1


def test_what_changes_nothing_is_said_and_not_previewed(owner: Person, organization: Organization) -> None:
    assert propose(owner, discounts="none") == PAGE
    assert "There are no numbers yet." in shown(owner)
    revenue(organization)
    assert propose(owner) == PAGE
    assert "nothing would change" in shown(owner)


def test_a_change_is_previewed_then_saved_as_the_next_version(
    owner: Person, teammate: Person, organization: Organization
) -> None:
    revenue(organization)
    address = propose(owner, discounts="none", past_due_grace_days="7")
    page = shown(owner, address)
    assert "Discounts that reduce MRR: from “forever and repeating” to “none”" in page
    assert "EUR: MRR today stays €" in page
    assert "Save as the next version" not in shown(teammate, address)
    with tenant(organization.id):
        assert definitions.latest(organization.id).version == 1
    owner.client.post(f"{address}/application")
    with tenant(organization.id):
        saved = definitions.latest(organization.id)
    assert (saved.version, saved.discounts, saved.past_due_grace_days) == (2, "none", 7)
    assert "This change has been saved." in shown(owner, address)
    owner.client.post(f"{address}/application")
    assert "moved on since" not in shown(owner, address)
    with tenant(organization.id):
        assert definitions.latest(organization.id).version == 2


def test_a_stale_preview_says_so_and_cannot_be_saved(owner: Person, organization: Organization) -> None:
    revenue(organization)
    address = propose(owner, discounts="none")
    with tenant(organization.id):
        CurrentBuild.objects.update(build=2)
    assert "so this preview cannot be saved" in shown(owner, address)
    owner.client.post(f"{address}/application")
    with tenant(organization.id):
        assert definitions.latest(organization.id).version == 1


def test_a_preview_at_work_tells_how_far_it_is(owner: Person, organization: Organization) -> None:
    revenue(organization)
    address = propose(owner, discounts="none")
    with tenant(organization.id):
        Preview.objects.update(state="waiting", result=None, customers=12_000, customers_done=3_500)
    page = shown(owner, address)
    assert "3,500 of 12,000 customers valued anew" in page
    assert 'hx-trigger="every 1s"' in page


def test_changed_subscriptions_go_by_pages_and_all_asks_little(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    address = propose(owner, discounts="none")
    with tenant(organization.id):
        preview = Preview.objects.get()
        PreviewedChange.objects.bulk_create(
            PreviewedChange(
                organization_id=organization.id,
                preview_id=preview.id,
                position=position,
                connection_id=UUID(int=1),
                customer_id=f"cus_{position}",
                subscription_id=f"sub_{position:03}",
                currency="eur",
                before_micro=EURO,
                after_micro=2 * EURO,
                differs_from=NOW,
            )
            for position in range(1, 61)
        )
    first, second = shown(owner, address), shown(owner, address, after="50")
    assert ("sub_050" in first, "sub_051" in first, "after=50#changed" in first) == (True, False, True)
    assert ("sub_050" in second, "sub_060" in second) == (False, True)
    with set_now(NOW):
        for url in (PAGE, address, f"{PAGE}versions/1"):
            asked = statements(owner, url)
            assert len(asked) <= 12, "\n".join(asked)
