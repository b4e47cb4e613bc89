"""An organization leaves whole, without secrets, and arrives elsewhere with the same numbers."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import audit
from accounts.models import AuditEntry, Membership, Organization, Role, User
from accounts.privacy import archive, arriving, tables
from accounts.tenancy import tenant
from billing_sync import erasing
from billing_sync.digest import digest
from billing_sync.models import Connection, Payer
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.keys import FULL_KEY
from config.clock import set_now
from dashboards.models import CustomerNote
from metrics.alerts.models import MailPreference
from tests.billing_sync.accounts import NOW, altered, connected, connection_of
from tests.cast import Person, make_organization, member
from tests.database import empty_database

SECRET_NAMES = ("encrypted", "secret", "hash", "token", "password")


def exported(organization: Organization) -> io.BytesIO:
    file = io.BytesIO()
    archive.write(organization, file)
    file.seek(0)
    return file


def everything_in(file: io.BytesIO) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return b"".join(archive.read(one) for one in archive.namelist())


def test_every_table_of_organizations_is_exported_or_kept_back_for_a_reason() -> None:
    assert tables.untold() == [], "Register them with export() or keep_back() in the app's privacy.py."
    assert tables.unknown() == []


def test_no_exported_column_holds_a_secret() -> None:
    for table, one in tables.exported().items():
        left = set(tables.columns_of(table)) - set(one.secrets)
        assert not [name for name in left if any(word in name for word in SECRET_NAMES)], table


def test_an_organization_arrives_elsewhere_with_the_same_numbers(
    organization: Organization, owner: Person, teammate: Person
) -> None:
    with altered(generate(seed=7, size=6, now=NOW), {}) as (base_url, _asked), set_now(NOW):
        connected(organization, base_url)
    mine: dict[str, Any] = {"organization_id": organization.id}
    with tenant(organization.id):
        erased = Payer.objects.values_list("customer_id", flat=True)[0]
        erasing.erase(organization.id, erased, by=owner.user)
        CustomerNote.objects.create(
            **mine,
            connection_id=connection_of(organization).id,
            customer_id="cus_1",
            text="\\N\tö",
            by=owner.user,
            at=NOW,
        )
        MailPreference.objects.create(**mine, user=teammate.user)
        gone = User.objects.create_user("gone@acme.example")
        MailPreference.objects.create(**mine, user=gone)
        audit.record("something.done", actor=gone)
    before, file = digest(organization.id), exported(organization)
    assert FULL_KEY.encode() not in b"".join(
        zipfile.ZipFile(file).read(one) for one in zipfile.ZipFile(file).namelist()
    )
    empty_database()
    User.objects.create_user("someone@else.example")
    arrived = arriving.read(file)
    assert digest(arrived.id) == before
    assert (arrived.id, arrived.slug, arrived.name) == (organization.id, "acme", "Acme")
    roles = dict(Membership.objects.values_list("user__email", "role"))
    assert roles == {owner.email: Role.OWNER, teammate.email: Role.VIEWER}
    with tenant(arrived.id):
        connection = Connection.objects.get()
        assert (connection.state, bytes(connection.key_encrypted)) == (Connection.State.DISCONNECTED, b"")
        note = CustomerNote.objects.get()
        assert (note.text, note.by.email if note.by else "") == ("\\N\tö", owner.email)
        assert [one.user.email for one in MailPreference.objects.all()] == [teammate.email]
        assert AuditEntry.objects.get(action="something.done").actor is None
        assert erasing.is_erased(arrived.id, erased)


def test_an_archive_holds_one_organization_alone(
    organization: Organization, owner: Person, other_organization: Organization, other_owner: Person
) -> None:
    with tenant(other_organization.id):
        audit.record("theirs.done", actor=other_owner.user)
    everything = everything_in(exported(organization))
    assert owner.email.encode() in everything
    assert b"theirs.done" not in everything
    assert other_owner.email.encode() not in everything


def test_an_organization_that_is_here_is_not_imported_over(organization: Organization, owner: Person) -> None:
    with pytest.raises(arriving.ArchiveError, match="has the organization already"):
        arriving.read(exported(organization))


def test_an_address_that_is_taken_gets_a_number(organization: Organization, owner: Person) -> None:
    file = exported(organization)
    empty_database()
    make_organization("acme")
    assert arriving.read(file).slug == "acme-2"


def changed(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """Return an archive with one file's content replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(made, "w") as after:
        for one in before.namelist():
            after.writestr(one, content if one == name else before.read(one))
    return made


def test_a_file_that_is_no_whole_archive_is_refused(organization: Organization, owner: Person) -> None:
    file = exported(organization)
    manifest = json.loads(zipfile.ZipFile(file).read(archive.MANIFEST))
    empty_database()
    newer = json.dumps({**manifest, "rows": {**manifest["rows"], "tomorrow": 1}}).encode()
    fewer = json.dumps({**manifest, "rows": {**manifest["rows"], "accounts_auditentry": 7}}).encode()
    odd = b'{"id": "00000000-0000-0000-0000-000000000001", "colour": "red"}\n'
    for broken, words in (
        (io.BytesIO(b"no zip"), "not an archive"),
        (changed(file, archive.MANIFEST, b"[]"), "not an archive"),
        (changed(file, archive.MANIFEST, newer), "Another release"),
        (changed(file, archive.MANIFEST, fewer), "accounts_auditentry has 0 rows, not 7"),
        (changed(file, "accounts_retention.jsonl", odd), "Another release"),
    ):
        with pytest.raises(arriving.ArchiveError, match=words):
            arriving.read(broken)
        assert not Organization.objects.exists()


def test_the_commands_write_and_read_a_file(
    organization: Organization, owner: Person, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "acme.zip"
    call_command("export_organization", "acme", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    empty_database()
    call_command("import_organization", str(file))
    assert capsys.readouterr().out == "acme\n"
    with pytest.raises(CommandError, match="has the organization already"):
        call_command("import_organization", str(file))
    for words in (
        ("export_organization", "nobody", str(file)),
        ("import_organization", str(tmp_path / "none")),
    ):
        with pytest.raises(CommandError) as refused:
            call_command(*words)
        assert refused.value.returncode == 2


def test_a_member_of_both_keeps_her_account(organization: Organization, owner: Person) -> None:
    file = exported(organization)
    empty_database()
    here = member(owner.email, make_organization("umbrella"), Role.VIEWER)
    arrived = arriving.read(file)
    assert Membership.objects.get(organization=arrived).user == here.user
