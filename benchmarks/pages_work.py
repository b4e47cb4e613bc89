"""The requests that `pages` times, in a process of their own: an organization's slug, its owner's address."""

import os
import sys
import time
from datetime import date, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import Organization, User  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from config import clock  # noqa: E402
from metrics.cohorts.counting import count  # noqa: E402
from metrics.models import CustomerBalance  # noqa: E402

TIMES, WARM = 30, 2
MONTHS_AGO = 13


# Pages whose rows grow with the customers, by what they show.
PAGES = {
    "dashboard": "",
    "customers now": "customers/",
    "committed MRR now": "customers/?figure=committed_mrr",
    "contracted ARR now": "customers/?figure=contracted_arr",
    "past due customers": "customers/?status=past_due",
    "active customers": "customers/?status=active",
    "customers of a country": "customers/?country=DE",
    "a plan's customers of a country": "customers/?plan=price_3&country=DE",
    "the newest of them": "customers/?plan=price_3&country=DE&sort=newest",
    "a plan's past due customers": "customers/?plan=price_3&status=past_due",
    "a plan's customers by name": "customers/?plan=price_3&text=company+12",
    "customers by name": "customers/?text=company+1234",
    "newest customers": "customers/?sort=newest",
    "alerts": "alerts/",
    "cohorts by month": "analysis/cohorts/?span=36",
    "cohorts by plan": "analysis/cohorts/?by=plan&measure=gross",
    "everyone's twelfth month": "analysis/cohorts/customers/?age=12",
    "plans": "analysis/plans/",
    "plans by interval": "analysis/plans/?by=interval",
    "trials": "analysis/trials/",
    "calendar": "analysis/calendar/",
    "forecast": "analysis/forecast/",
    "exposure": "exposure/",
    "payments": "payments/",
    "investor view": "investor/",
    "clean check": "audit/clean/",
    "excluded ledger": "audit/excluded/",
    "bridge": "audit/bridge/",
    "closed months": "audit/months/",
    "definition": "audit/definition/",
    "sync": "sync/",
    "glossary": "analysis/glossary/",
    "benchmarks": "analysis/benchmarks/",
    "payback": "analysis/payback/",
}


def main() -> None:
    """Print each page's p50, p95 and p99 in milliseconds, and the CPU of this process alone."""
    slug, owner = sys.argv[1:]
    client = Client(headers={"Host": "localhost"})
    user = User.objects.get(email=owner)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    begun, used = time.perf_counter(), time.process_time()
    count(Organization.objects.get(slug=slug).id)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    with connections["owner"].cursor() as database:
        # As PostgreSQL does by itself within a minute.
        database.execute("ANALYZE")
    sys.stdout.write(
        f"Cohorts, plans and trials counted in {seconds:.1f} s, {cpu:.1f} s of it CPU of ours.\n\n"
    )
    sys.stdout.write(
        "| page | p50 ms | p95 ms | p99 ms | own CPU ms |\n| --- | ---: | ---: | ---: | ---: |\n"
    )
    for name, path in pages(slug).items():
        took, cpu = timed(client, f"/o/{slug}/{path}")
        figures = " | ".join(
            f"{took[min(int(len(took) * part), len(took) - 1)]:.1f}" for part in (0.5, 0.95, 0.99)
        )
        sys.stdout.write(f"| {name} | {figures} | {cpu:.1f} |\n")


def pages(slug: str) -> dict[str, str]:
    """Return the pages to time, those of a day, a month or a customer among them."""
    today = clock.now().date()
    ended = today.replace(day=1) - timedelta(days=1)
    past = (today - timedelta(days=MONTHS_AGO * 30)).replace(day=1) - timedelta(days=1)
    early = today - timedelta(days=1_080)
    with tenant(Organization.objects.get(slug=slug).id):
        one = CustomerBalance.objects.order_by("-mrr_micro")[0]
    month = f"movements/?month={ended:%Y-%m}&currency=usd"
    return {
        **PAGES,
        "a month of the dashboard": f"?month={past:%Y-%m}",
        "customers of a past day": _held(past),
        "customers of an early day": _held(early),
        "committed MRR of a past day": _held(past, "committed_mrr"),
        "contracted ARR of a past day": _held(past, "contracted_arr"),
        "one plan's customers": f"{_held(ended)}&plan=price_3",
        "one plan's, long ago": f"{_held(past)}&plan=price_3",
        "movements of a month": month,
        "churn of a month": f"{month}&kind=churn",
        "reactivation of a month": f"{month}&kind=reactivation",
        "one plan's movements": f"{month}&plan=price_3",
        "movements by reason": f"{month}&reason=quantity_change",
        "movements of a size": f"{month}&least=500&kind=expansion",
        "movements by name": f"{month}&text=company+1234",
        "payments of a month": f"payments/?month={ended:%Y-%m}",
        "refunds of a month": f"payments/refunds/?month={ended:%Y-%m}",
        "who left in a month": f"payments/cancellations/?month={ended:%Y-%m}",
        "one customer": f"customers/{one.connection_id}/{one.customer_id}/",
        "a cohort's customers": f"analysis/cohorts/customers/?from={past:%Y-%m}&to={past:%Y-%m}&age=6",
        "one plan's expansion": f"analysis/plans/customers/?flow=expansion&plan=price_3&month={ended:%Y-%m}",
    }


def _held(on: date, figure: str = "mrr") -> str:
    return f"customers/?on={on}&currency=usd&figure={figure}"


def timed(client: Client, url: str) -> tuple[list[float], float]:
    """Return how many milliseconds each request took, sorted, and the mean of this process's CPU."""
    for _ in range(WARM):
        status = client.get(url).status_code
        if status != 200:
            raise RuntimeError(f"{url} answers {status}")
    took, used = [], time.process_time()
    for _ in range(TIMES):
        begun = time.perf_counter()
        client.get(url)
        took.append((time.perf_counter() - begun) * 1_000)
    return sorted(took), (time.process_time() - used) * 1_000 / TIMES


if __name__ == "__main__":
    main()
