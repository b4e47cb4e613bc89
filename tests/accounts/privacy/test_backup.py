"""A backup, an erasure, a restore: the person is still gone, and every number is as it was."""

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import secrets
from accounts.models import Organization, Outbox, User
from accounts.privacy import backup, deleting, ledger, people
from accounts.privacy.programs import program
from accounts.tenancy import tenant
from billing_sync import erasing
from billing_sync.archive import import_events
from billing_sync.digest import digest
from billing_sync.models import Connection, Payer
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.control import archive
from tests.accounts.privacy.searching import tables_with
from tests.billing_sync.accounts import NOW
from tests.cast import Person

CANARY = "zq9canary"


def backed_up(tmp_path: Path) -> Path:
    tmp_path.mkdir(exist_ok=True)
    file = tmp_path / "backup"
    call_command("backup", str(file))
    return file


def figures(organization: Organization) -> dict[str, str]:
    return {table: value for table, value in digest(organization.id) if table.startswith("metrics_")}


def dumped(file: Path) -> bytes:
    """Return the statements of a backup's dump."""
    with file.open("rb") as opened:
        backup.read_header(opened)
        dump = backup.dump_of(opened)
        content = dump.read(dump.end)
    unpacked = subprocess.run(
        [program("pg_restore"), "--file=-"], input=content, capture_output=True, check=True
    )
    return unpacked.stdout


def test_a_restored_backup_brings_nobody_back_who_was_erased(
    organization: Organization,
    owner: Person,
    teammate: Person,
    other_organization: Organization,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import_events(organization.id, archive(generate(seed=7, size=6, now=NOW)))
    with tenant(organization.id):
        customer = Payer.objects.values_list("customer_id", flat=True)[0]
        Payer.objects.filter(customer_id=customer).update(name=f"Ada {CANARY}", email=f"{CANARY}@example.com")
        Outbox.objects.create(organization=organization, recipient=owner.user, kind="test", message=b"")
    file, before = backed_up(tmp_path), figures(organization)
    assert file.stat().st_mode & 0o777 == 0o600
    with tenant(organization.id):
        erasing.erase(organization.id, customer, by=owner.user)
    assert CANARY.encode() in dumped(file)
    assert CANARY.encode() not in dumped(backed_up(tmp_path / "after"))
    people.delete_account(teammate.user)
    with tenant(other_organization.id):
        deleting.close(other_organization.id)
    User.objects.create_user("later@example.com")
    with pytest.raises(CommandError, match="add --replace"):
        call_command("restore", str(file))
    call_command("restore", str(file), "--replace")
    assert "erased again: 1 payers, 1 organizations, 1 accounts" in capsys.readouterr().err
    for gone in (CANARY, "teammate@acme", "umbrella", "later@example"):
        assert tables_with(gone) == set(), gone
    assert figures(organization) == before
    assert not Session.objects.exists()
    with tenant(organization.id):
        assert Outbox.objects.get().dropped
        assert erasing.is_erased(organization.id, customer)
    # The file alone remembers, should the database be lost as well.
    assert {one.kind for one in ledger.read(ledger.path())} == {"payer", "organization", "person"}


def test_a_backup_whose_keys_are_not_here_is_refused(
    organization: Organization, tmp_path: Path, settings: Settings
) -> None:
    place: Any = {"organization_id": organization.id, "model": "x", "field": "x", "row": "x"}
    with tenant(organization.id):
        Connection.objects.create(
            organization=organization, kind="restricted_key", key_encrypted=secrets.encrypt("rk", **place)
        )
    file = backed_up(tmp_path)
    assert b"rk_" not in file.read_bytes()
    for keys in (["other:" + "A" * 43 + "="], ["test:" + "A" * 43 + "="]):
        settings.ENCRYPTION_KEYS = keys
        with pytest.raises(CommandError, match="does not open the secrets of this backup: it lacks test"):
            call_command("restore", str(file), "--replace")
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS lacks test"):
        raise_on_backup(tmp_path, settings)
    assert Organization.objects.exists()


def raise_on_backup(tmp_path: Path, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["other:" + "A" * 43 + "="]
    backed_up(tmp_path)


def test_a_file_that_is_no_whole_backup_changes_nothing(organization: Organization, tmp_path: Path) -> None:
    whole = backed_up(tmp_path).read_bytes()
    head = whole.split(b"\n", 1)[0]
    newer = head.replace(b'"accounts.0001_initial"', b'"accounts.0001_initial", "accounts.9999_later"')
    for content, words in (
        (b"no backup", "not a backup"),
        (b"[1]\n", "not a backup"),
        (head.replace(b'"format": 1', b'"format": 2') + b"\n", "Another release"),
        (newer + b"\n", "newer release"),
        (whole[:-100], "damaged, or was not written to its end"),
        (head + b"\nno dump", "damaged, or was not written to its end"),
        (head + b"\nno dump" + sha256(b"no dump").hexdigest().encode() + b"\n", "Nothing was changed"),
    ):
        file = tmp_path / "broken"
        file.write_bytes(content)
        with pytest.raises(CommandError, match=words):
            call_command("restore", str(file), "--replace")
        assert Organization.objects.get() == organization
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("restore", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="is not there"):
        call_command("restore", str(tmp_path / "broken"), "--erasures", str(tmp_path / "none"))


def test_a_ledger_with_a_broken_line_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "erasures.jsonl"
    broken.write_text('{"kind": "payer", "digest": "00"}\nno line\n')
    with pytest.raises(ledger.LedgerError, match="line 2"):
        ledger.read(broken)
