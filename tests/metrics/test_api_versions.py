"""The version that an account's own events are written in changes no number."""

from datetime import timedelta

from django.conf import settings

from billing_sync.digest import digest
from billing_sync.models import Event
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.server import serving
from billing_sync.sandbox.stories import FULL
from billing_sync.syncing import sync
from config.clock import set_now
from tests.billing_sync.accounts import NOW, connected, payloads
from tests.cast import make_organization

LATER = NOW + timedelta(days=10)
# The log keeps events as they came.
LOGGED = "billing_sync_event"


def followed(slug: str, version: str) -> dict[str, str]:
    """Import an account and follow it for some weeks; return the digest of everything but the log."""
    organization = make_organization(slug)
    company = generate(seed=5, size=4, now=NOW, mix=FULL)
    sandbox = Sandbox(company, faults=Faults(account_version=version))
    with serving(sandbox) as base_url:
        with set_now(NOW):
            connected(organization, base_url)
        sandbox.advance(int(LATER.timestamp()))
        with set_now(LATER):
            sync(organization.id)
            assert {one["api_version"] for one in payloads(organization, Event).values()} == {version}
            return {table: value for table, value in digest(organization.id) if table != LOGGED}


def test_events_of_older_and_newer_versions_give_the_same_numbers(db: None) -> None:
    ours = followed("ours", settings.STRIPE_API_VERSION)
    for number, version in enumerate(("2024-06-20", "2027-03-31")):
        theirs = followed(f"theirs-{number}", version)
        assert {table for table in ours if ours[table] != theirs[table]} == set(), version
