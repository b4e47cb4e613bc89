"""One process of the alerts' benchmark: `judge NUMBER OF` or `backtest SLUG`, on these servers."""

import os
import sys
import time
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts import jobs  # noqa: E402
from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from dashboards.backtests import backtest_of  # noqa: E402
from metrics import queries  # noqa: E402
from metrics.alerts.rules import RULES  # noqa: E402


def judge(number: int, of: int) -> tuple[float, float]:
    """Run the job of every so-manieth organization, and return the seconds and CPU seconds that it took."""
    found = Organization.objects.filter(slug__startswith="bench-").order_by("id")
    ids: list[UUID] = list(found.values_list("id", flat=True))[number::of]
    for one in ids:
        jobs.enqueue(one, "evaluate_alerts")
    begun, cpu = time.monotonic(), time.process_time()
    for one in ids:
        if not jobs.run(jobs.job_id(one, "evaluate_alerts")):
            raise RuntimeError(f"The job of {one} was not due.")
    return time.monotonic() - begun, time.process_time() - cpu


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
    if sys.argv[1] == "judge":
        seconds, cpu = judge(int(sys.argv[2]), int(sys.argv[3]))
        sys.stdout.write(f"{seconds:.3f} {cpu:.3f}\n")
    else:
        backtest(sys.argv[2])
