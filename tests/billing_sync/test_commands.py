from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import digest
from billing_sync.progress import progress
from billing_sync.sandbox.keys import EXPIRED_KEY, FULL_KEY
from tests.billing_sync.accounts import connected

Serve = Callable[..., Any]


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_connect_and_sync_print_the_result_alone(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=2)
    said = run("connect_stripe", "acme", "--api-key", FULL_KEY, "--api-base", f"{account.base_url}/prefix")
    assert said == f"{account.company.account.id}\n"
    assert run("sync", "acme") == ""
    with tenant(organization.id):
        (shown,) = progress(organization.id)
    assert shown.objects_done > 0
    assert shown.resources_done == shown.resources_total
    assert shown.next_label == ""


def test_a_connected_account_may_be_connected_again(organization: Organization, sandbox: Serve) -> None:
    account = sandbox(size=1)
    words = ("connect_stripe", "acme", "--api-base", account.base_url, "--api-key")
    assert run(*words, FULL_KEY) == run(*words, "sk_test_51SandboxSecret")


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ("pk_test_51abcdefghij", 2, "publishable key"),
        (EXPIRED_KEY, 1, "has expired"),
        ("rk_test_51nobodyknows", 1, "does not know this key"),
    ],
)
def test_a_key_that_will_not_do_ends_the_command(
    organization: Organization, sandbox: Serve, key: str, code: int, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as failed:
        run("connect_stripe", "acme", "--api-key", key, "--api-base", sandbox(size=1).base_url)
    assert failed.value.returncode == code


@pytest.mark.parametrize("command", ["sync", "digest"])
def test_an_unknown_organization_ends_the_command_with_2(db: None, command: str) -> None:
    with pytest.raises(CommandError, match="no organization 'nowhere'") as failed:
        run(command, "nowhere")
    assert failed.value.returncode == 2


def test_sync_without_a_connection_says_what_to_do(organization: Organization) -> None:
    with pytest.raises(CommandError, match="connect_stripe") as failed:
        run("sync", "acme")
    assert failed.value.returncode == 1


def test_digest_prints_one_hash_for_each_table(organization: Organization, sandbox: Serve) -> None:
    connected(organization, sandbox(size=2).base_url)
    printed = dict(line.split(" ") for line in run("digest", "acme").splitlines())
    assert {"billing_sync_invoice", "billing_sync_payer"} <= printed.keys()
    assert {len(value) for value in printed.values()} == {64}


def test_two_mirrors_of_one_account_have_one_digest_and_another_account_has_not(
    organization: Organization, other_organization: Organization, sandbox: Serve
) -> None:
    account = sandbox(size=10)
    connected(organization, account.base_url)
    connected(other_organization, account.base_url)
    assert run("digest", "acme") == run("digest", "umbrella")
    account.company.advance(account.company.now + 40 * 86_400)
    run("sync", "umbrella")
    assert run("digest", "acme") != run("digest", "umbrella")


@pytest.fixture
def table() -> Iterator[str]:
    yield "invented_table"
    digest._tables.pop("invented_table")


def test_an_app_adds_its_tables_to_the_digest(organization: Organization, table: str) -> None:
    def facts(organization_id: UUID) -> Iterator[tuple[object, ...]]:
        yield "a", 1
        yield "b", 2

    digest.register(table, facts)
    with pytest.raises(ValueError, match="invented_table"):
        digest.register(table, lambda organization_id: [])
    before = dict(digest.digest(organization.id))[table]
    assert before in run("digest", "acme")
