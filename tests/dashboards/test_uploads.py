"""Uploading a CSV, saying what its columns are, and what differs from ours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import jobs
from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from billing_sync.models import Payer
from billing_sync.sandbox.company import scenario
from config import uploads as limits
from config.clock import set_now
from metrics.bridge.models import ComparedAmount, Comparison, Upload, UploadedAmount
from metrics.bridge.uploads import settling, storing
from metrics.build.recompute import recompute
from metrics.listings import customer_rows
from tests.cast import Person
from tests.dashboards.test_statements import statements
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
FILES = "/o/acme/audit/uploads/"
CHOSEN = {
    "form": "long",
    "customer": "0",
    "month": "1",
    "amount": "2",
    "currency_column": "",
    "currency": "usd",
    "decimal": ".",
    "dates": "dmy",
    "unit": "major",
}
SMALL = "customer,month,mrr\ncus_1,2026-10,49.00\n"


def send(client: Client, content: bytes | str, name: str = "mrr.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(FILES, {"file": SimpleUploadedFile(name, data)})


def sent(client: Client, content: bytes | str, name: str = "mrr.csv") -> str:
    """Upload a file that is taken, and return its page's address."""
    answer = send(client, content, name)
    assert answer.status_code == 302, text(answer)
    return str(answer["Location"])


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def business(organization: Organization) -> Iterator[tuple[Organization, list[tuple[str, int]]]]:
    """Give two customers with half off for some months, twins, and a customer of a test account."""
    mirror = mirrored(organization, scenario("percent_repeating", NOW, customers=2, days=60))
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            held = customer_rows(organization.id, datetime(2026, 11, 1, tzinfo=UTC))
            payer(organization, mirror.connection_id, held[0].customer_id, "Ada", "ada@example.com")
            for number in (1, 2):
                payer(organization, mirror.connection_id, f"cus_twin_{number}", "Twin")
            payer(organization, UUID(int=7), "cus_test", "Test")
        yield organization, [(one.customer_id, one.mrr_micro) for one in held]


def payer(organization: Organization, connection_id: UUID, customer: str, name: str, email: str = "") -> None:
    Payer.objects.create(
        organization=organization,
        connection_id=connection_id,
        customer_id=customer,
        name=name,
        email=email,
        fields=b"",
        fetched_at=NOW,
    )


def file_of(held: list[tuple[str, int]]) -> str:
    """Write a file that has one customer right, one without her discount, and three nobody can place."""
    (_, first), (second, discounted) = held
    undiscounted = Decimal(discounted) / 100_000_000 / Decimal("0.5")
    lines = [
        "customer,month,mrr",
        f"ADA@example.com,2026-10,{Decimal(first) / 100_000_000:.2f}",
        f"{second},2026-10,{undiscounted:.2f}",
        "Twin,2026-10,7.00",
        "cus_test,2026-10,2.00",
        "<b>gone</b>,2026-10,3.00",
    ]
    return "\n".join(lines) + "\n"


def test_every_difference_has_its_reason_and_the_rows_sum(
    owner: Person, business: tuple[Organization, list[tuple[str, int]]]
) -> None:
    organization, held = business
    page = sent(owner.client, file_of(held))
    assert owner.client.post(page, CHOSEN).status_code == 302
    assert "October 2026" in text(owner.client.get(page))
    shown = text(owner.client.get(f"{page}/comparison"))
    assert "Other discounts taken off" in shown
    assert "A customer who is unknown here" in shown
    with tenant(organization.id):
        result = Comparison.objects.get(subject=UUID(page[-36:]).hex).result
        rows = list(ComparedAmount.objects.filter(subject=UUID(page[-36:]).hex))
    assert {code: one["customers"] for code, one in result["reasons"].items()} == {
        "discount": 1,
        "several_customers": 1,
        "test_data": 1,
        "unknown_customer": 1,
    }
    assert result["equal"] == 1
    moved = sum(one.theirs_micro - one.ours_micro for one in rows)
    assert moved == result["theirs_micro"] - result["ours_micro"]
    assert result["ours_micro"] == sum(amount for _, amount in held)
    opened = text(owner.client.get(f"{page}/comparison/unknown_customer?month=2026-10&currency=usd"))
    assert "&lt;b&gt;gone&lt;/b&gt;" in opened
    assert "<b>gone" not in opened
    assert "every comparison with it" in text(owner.client.get(page))
    owner.client.post(f"{page}/removal")
    with tenant(organization.id):
        for left in (Comparison, ComparedAmount):
            assert not left.objects.filter(subject=UUID(page[-36:]).hex).exists()
        assert not ComparedAmount.objects.filter(customer_id__contains="gone").exists()


def test_kept_comparisons_ask_little(
    owner: Person, business: tuple[Organization, list[tuple[str, int]]]
) -> None:
    page = sent(owner.client, file_of(business[1]))
    owner.client.post(page, CHOSEN)
    owner.client.get(f"{page}/comparison")
    for url in (FILES, page, f"{page}/comparison", f"{page}/comparison/discount"):
        asked = statements(owner, url)
        assert len(asked) <= 12, "\n".join(asked)


def test_large_files_are_read_and_compared_in_the_background(
    owner: Person,
    business: tuple[Organization, list[tuple[str, int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    organization, held = business
    monkeypatch.setattr(storing, "AT_ONCE", 1)
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    page = sent(owner.client, file_of(held))
    owner.client.post(page, CHOSEN)
    assert "being read" in text(owner.client.get(page))
    jobs.run_until_idle(organization.id)
    assert "5 rows read" in text(owner.client.get(page))
    assert "is being computed" in text(owner.client.get(f"{page}/comparison"))
    jobs.run_until_idle(organization.id)
    assert "Unexplained remainder" in text(owner.client.get(f"{page}/comparison"))


def test_bad_rows_are_listed_and_nothing_is_stored(owner: Person, organization: Organization) -> None:
    page = sent(owner.client, SMALL + "cus_2,2026-10,=HYPERLINK(1)\ncus_3,soon,1\n")
    owner.client.post(page, CHOSEN)
    shown = text(owner.client.get(page))
    assert "2 rows cannot be read" in shown
    assert (
        '<th scope="row" class="number">3</th> <td class="wraps">“=HYPERLINK(1)” is not an amount.</td>'
        in shown
    )
    with tenant(organization.id):
        assert UploadedAmount.objects.count() == 0
        assert Upload.objects.get().state == "refused"


def test_reading_again_by_other_columns_replaces_everything(
    owner: Person, organization: Organization
) -> None:
    page = sent(owner.client, "customer,month,mrr,arr\ncus_1,2026-10,49.00,588.00\n")
    for column in ("2", "3"):
        owner.client.post(page, {**CHOSEN, "amount": column})
    with tenant(organization.id):
        assert list(UploadedAmount.objects.values_list("month", "customer", "amount_micro")) == [
            (date(2026, 10, 1), "cus_1", 58_800_000_000)
        ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"month": ""}, "Choose the column of the month or day"),
        ({"month": "0"}, "must be three different columns"),
        ({"currency": ""}, "write the currency of all amounts"),
        ({"currency": "euro"}, "A currency is three letters"),
        ({"form": "wide"}, "Choose another form of the file"),
        ({"customer": "99"}, "Select a valid choice"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    owner: Person, organization: Organization, changed: dict[str, str], told: str
) -> None:
    answer = owner.client.post(sent(owner.client, SMALL), {**CHOSEN, **changed})
    assert answer.status_code == 400
    assert told in text(answer)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty"),
        (b"only a header\n", "no rows below a header"),
        (b"\x89PNG\x00\x00\x01,\n1,2\n", "not a text file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    owner: Person, organization: Organization, content: bytes, told: str
) -> None:
    answer = send(owner.client, content)
    assert answer.status_code == 400
    assert told in text(answer)
    with tenant(organization.id):
        assert Upload.objects.count() == 0


def test_a_file_that_is_too_large_is_refused_early(
    owner: Person, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 10)
    answer = send(owner.client, SMALL)
    assert answer.status_code == 400
    assert "at most 20 MB" in text(answer)


def test_the_twenty_first_file_is_refused(
    owner: Person, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "MOST_UPLOADS", 1)
    sent(owner.client, SMALL)
    assert "Delete one that is no longer needed" in text(send(owner.client, SMALL))


def test_a_deleted_file_is_gone_with_all_that_came_of_it(owner: Person, organization: Organization) -> None:
    page = sent(owner.client, SMALL, "theirs.csv")
    owner.client.post(page, CHOSEN)
    assert owner.client.post(f"{page}/removal").status_code == 302
    assert owner.client.get(page).status_code == 404
    with tenant(organization.id):
        assert (Upload.objects.count(), UploadedAmount.objects.count()) == (0, 0)
        told = AuditEntry.objects.filter(action__startswith="upload.").order_by("at")
        assert [one.action for one in told] == ["upload.received", "upload.deleted"]


def test_a_viewer_reads_but_neither_uploads_nor_chooses(
    owner: Person, teammate: Person, organization: Organization
) -> None:
    page = sent(owner.client, SMALL)
    shown = text(teammate.client.get(page))
    assert "How the file begins" in shown
    assert "What the columns are" not in shown
    assert teammate.client.post(page, CHOSEN).status_code == 403
    assert send(teammate.client, SMALL).status_code == 403


def test_a_file_of_another_organization_is_unreachable(
    owner: Person, other_owner: Person, organization: Organization
) -> None:
    page = sent(owner.client, SMALL)
    other = other_owner.user.memberships.get().organization.slug
    for path in ("", "/comparison", "/comparison/timing"):
        answer = other_owner.client.get(page.replace("/acme/", f"/{other}/") + path)
        assert answer.status_code == 404
    removal = other_owner.client.post(page.replace("/acme/", f"/{other}/") + "/removal")
    assert removal.status_code == 404
    assert owner.client.get(page).status_code == 200


@pytest.mark.parametrize("query", ["month=2020-01", "month=soon", "currency=xxx", "currency=%00"])
def test_a_month_that_the_file_lacks_is_not_found(
    owner: Person, organization: Organization, query: str
) -> None:
    page = sent(owner.client, SMALL)
    owner.client.post(page, CHOSEN)
    assert owner.client.get(f"{page}/comparison?{query}").status_code == 404
    assert owner.client.get(f"{page}/comparison/colour").status_code == 404


def test_a_month_to_come_is_not_compared_with_ours(owner: Person, organization: Organization) -> None:
    page = sent(owner.client, SMALL.replace("2026-10", "2090-10"))
    owner.client.post(page, CHOSEN)
    assert "There are no figures of both to compare yet." in text(
        owner.client.get(f"{page}/comparison?month=2090-10")
    )
