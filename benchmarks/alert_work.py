"""One process of the alerts' benchmark: `wait` or `backtest SLUG`, on these servers."""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts import jobs  # noqa: E402
from accounts.models import Job, Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from config.clock import now  # noqa: E402
from dashboards.backtests import backtest_of  # noqa: E402
from metrics import queries  # noqa: E402
from metrics.alerts.rules import RULES  # noqa: E402

# The other standing jobs wait for another day: there is no Stripe to ask here, and no night to pass.
KINDS = ("evaluate_alerts", "tend_sync", "audit")


def wait() -> None:
    """Give every organization its jobs, due when somebody says so."""
    ids = Organization.objects.filter(slug__startswith="bench-").values_list("id", flat=True)
    due = now().replace(year=now().year + 1, day=1)
    rows = (
        Job(id=jobs.job_id(one, kind), organization_id=one, kind=kind, next_at=due)
        for one in ids
        for kind in KINDS
    )
    Job.objects.bulk_create(rows, batch_size=1_000)


def backtest(slug: str) -> None:
    """Print how long each rule's back-test takes, the second time as well as the first."""
    organization = Organization.objects.get(slug=slug)
    for rule in RULES:
        seconds = []
        for _ in range(2):
            begun = time.monotonic()
            with tenant(organization.id):
                shown = queries.shown(organization.id)
                backtest_of(shown, "usd", rule, shown.alerts)
            seconds.append(time.monotonic() - begun)
        sys.stdout.write(f"- {rule}: {seconds[0]:.2f} s, then {seconds[1]:.2f} s\n")


if __name__ == "__main__":
    if sys.argv[1] == "wait":
        wait()
    else:
        backtest(sys.argv[2])
