"""What `definition` times in a process of its own: an organization's previews, or a change of its rules."""

import argparse
import os
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.jobs import enqueue  # noqa: E402
from accounts.models import Organization, User  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from metrics import definitions  # noqa: E402
from metrics.build import parts  # noqa: E402
from metrics.build.recompute import catch_up  # noqa: E402
from metrics.build.sources import alone  # noqa: E402
from metrics.restating import previews  # noqa: E402

CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("churn at the request", {"churn_at": "cancellation_request"}),
    ("no discounts", {"discounts": "none"}),
    ("netted by month", {"movement_window": "month"}),
    ("time zone", {"time_zone": "America/Los_Angeles"}),
    ("time zone and discounts", {"time_zone": "America/Los_Angeles", "discounts": "none"}),
)


def main() -> None:
    """Preview each change of so many subscriptions, or make one for the workers to compute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slug")
    parser.add_argument("--previews", type=int)
    parser.add_argument("--discounts")
    given = parser.parse_args()
    organization = Organization.objects.get(slug=given.slug)
    if given.previews:
        preview(organization, given.previews)
    if given.discounts:
        with tenant(organization.id):
            definitions.set_definition(organization.id, {"discounts": given.discounts})
            enqueue(organization.id, "recompute")


def preview(organization: Organization, size: int) -> None:
    """Build from the history, then preview each change in this process."""
    by = User.objects.get(email=f"{organization.slug}@example.com")
    with alone(organization.id):
        parts.begin(organization.id, from_history=True)
    catch_up(organization.id)
    previews.AT_ONCE = size
    for name, values in CHANGES:
        begun, used = time.perf_counter(), time.process_time()
        with tenant(organization.id):
            proposed = previews.propose(organization.id, values, by=by)
        seconds = time.perf_counter() - begun
        each = seconds * 1_000 / max(proposed.customers, 1)
        cpu = time.process_time() - used
        sys.stdout.write(
            f"| {size:,} | {name} | {proposed.customers:,} | {seconds:.2f} | {cpu:.2f} | {each:.2f} |\n"
        )


if __name__ == "__main__":
    main()
