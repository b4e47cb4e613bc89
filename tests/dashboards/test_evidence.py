"""Every number of a random company opens rows that sum to it, down to Stripe's objects."""

import io
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from fractions import Fraction
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Invoice, Payer
from config.clock import set_now
from dashboards import sharing
from dashboards.formatting import percent
from metrics import queries
from metrics.build.recompute import catch_up
from metrics.definitions import set_definition
from metrics.evidence import export
from metrics.model import figures_of, waterfall
from metrics.models import Segment
from metrics.periods import shift
from metrics.restating import closings, previews
from tests.dashboards.conftest import Business
from tests.dashboards.crawler import KEYS, compared, held_against_its_rows, numbers, page, rows
from tests.dashboards.test_statements import statements
from tests.environment import PROJECT
from tests.metrics.conftest import NOW

SEGMENT = re.compile(r'<a class="opens" href="([^"]+)" data-segment-micro="(-?\d+)"')
OBJECT = re.compile(r'href="(/o/acme/objects/[^"]+)"')


def test_every_number_opens_rows_that_sum_to_it(business: Business) -> None:
    seen, most_pages = set[str](), 0
    for address, least in (
        ("?month=2026-11&currency=usd&span=6", 20),
        ("?month=2026-08&currency=eur&span=6", 20),
        ("?month=2026-11&currency=usd&span=6&against=year", 8),
        ("investor/?month=2026-10&currency=usd", 3),
    ):
        html = page(business.owner.client, f"/o/acme/{address}").split('id="investor-months"')[0]
        found = list({one.url: one for one in numbers(html) if one.url not in seen}.values())
        assert len(found) >= least
        for one in found:
            seen.add(one.url)
            most_pages = max(most_pages, held_against_its_rows(business.owner.client, one).pages)
    assert most_pages > 1
    figures = {figure for figure in ("arr", "mrr_growth_rate", "churn", "plan=") if figure in " ".join(seen)}
    assert len(figures) == 4


def test_comparisons_are_the_figures_of_the_earlier_month(business: Business) -> None:
    with tenant(business.id):
        months = {
            one.month: figures_of(waterfall(one)) for one in queries.months(business.id, "usd", last=37)
        }
    for against, back in (("previous", 1), ("year", 12)):
        for month in (date(2026, 10, 1), date(2026, 3, 1)):
            address = f"/o/acme/?month={month:%Y-%m}&currency=usd&against={against}"
            told = compared(page(business.owner.client, address))
            now, then = months[month], months[shift(month, -back)]
            for name, key in KEYS.items():
                before, after = (int(one[f"{key}_micro"]) for one in (then, now))
                growth = percent(Fraction(after - before, before), signed=True) if before else "–"
                assert told[name] == (before, growth), (name, address)


def test_a_month_so_far_is_compared_with_the_same_days(business: Business) -> None:
    told = compared(page(business.owner.client, "/o/acme/?currency=usd"))
    with tenant(business.id):
        through = queries.today(business.id) - timedelta(days=30)
        days = queries.daily(business.id, "usd", date(2026, 10, 1), through)
    assert (through.day, NOW.day) == (16, 15)
    for name in ("new", "expansion", "reactivation", "contraction", "churn"):
        assert told[name][0] == sum(getattr(day, f"{name}_micro") for day in days), name


def test_the_investor_view_names_no_payer(business: Business) -> None:
    with tenant(business.id):
        organization = Organization.objects.get(id=business.id)
        _, address = sharing.make(organization, "a fund", "usd", 1, by=business.owner.user)
        payers = Payer.objects.values_list("name", "email")
        told = {text for payer in payers for text in payer if text}
        told |= {*Segment.objects.values_list("customer_id", flat=True)}
    assert len(told) > 60
    for client, url in ((business.owner.client, "/o/acme/investor/"), (Client(), urlsplit(address).path)):
        html = unescape(page(client, url))
        assert "Net revenue retention" in html
        assert not [text for text in told if text in html]


def test_every_customer_and_segment_opens_down_to_stripe_s_objects(business: Business) -> None:
    held = rows(business.owner.client, "/o/acme/customers/?currency=usd")
    objects = set[str]()
    for url, amount in list(zip(held.customers, held.amounts, strict=True))[::9]:
        html = page(business.owner.client, url)
        moved = re.findall(r'id="on-[\d-]+-usd"\s+data-movement-micro="(-?\d+)"', html)
        assert sum(map(int, moved)) == amount
        for segment, micro in SEGMENT.findall(html)[:4]:
            shown = page(business.owner.client, unescape(segment))
            assert f'data-total-micro="{micro}"' in shown
            assert "Definition version 1" in shown
            objects |= set(OBJECT.findall(shown)[:4])
    assert len(objects) > 20
    for url in sorted(objects)[::8]:
        assert '<pre class="code payload"' in page(business.owner.client, unescape(url))


def test_balances_that_are_committed_and_contracted_open(business: Business) -> None:
    with tenant(business.id):
        (month,) = queries.months(business.id, "usd", last=1)
    for figure, amount in (
        ("committed_mrr", month.committed_micro),
        ("contracted_arr", 12 * month.contracted_micro),
    ):
        held = rows(business.owner.client, f"/o/acme/customers/?currency=usd&figure={figure}")
        assert sum(held.amounts) == held.total == amount
        assert amount


def test_movements_of_some_days_and_one_plan_sum_to_their_total(business: Business) -> None:
    days = "from=2026-09-10&to=2026-10-20&currency=usd"
    every = rows(business.owner.client, f"/o/acme/movements/?{days}")
    assert sum(every.amounts) == every.total
    with tenant(business.id):
        plan = Segment.objects.filter(currency="usd", mrr_micro__gt=0).values_list("price_id", flat=True)[0]
    of_plan = rows(
        business.owner.client, f"/o/acme/movements/?from=2020-01-01&to=2026-12-01&currency=usd&plan={plan}"
    )
    assert of_plan.amounts
    assert sum(of_plan.amounts) == of_plan.total


def test_a_headline_is_computed_again_from_its_evidence_alone(business: Business) -> None:
    script = PROJECT / "docs" / "recompute.py"
    assert len(script.read_text().splitlines()) <= 20
    for month, currency in (("2026-11", "usd"), ("2026-06", "usd"), ("2026-10", "eur")):
        response = business.owner.client.get(f"/o/acme/evidence.json?month={month}&currency={currency}")
        told = json.loads(response.content)
        again = subprocess.run(
            [sys.executable, script], input=response.content, capture_output=True, check=True
        )
        computed = json.loads(again.stdout)
        assert computed == {"computed_micro": told["headline"]["ending_mrr_micro"], "as_told": True}
        moved = sum(one["amount_micro"] for one in told["movements"])
        assert told["headline"]["starting_mrr_micro"] + moved == computed["computed_micro"] > 0


def test_a_wrong_evidence_is_found_out(business: Business) -> None:
    told = json.loads(business.owner.client.get("/o/acme/evidence.json?currency=usd").content)
    (first, *_) = (
        item for one in told["subscriptions"] for item in one["items"] if item["mrr_micro"] and item["units"]
    )
    first["price"]["tiers"] = [{"up_to": None, "each": "1", "flat": "0"}]
    script = PROJECT / "docs" / "recompute.py"
    again = subprocess.run(
        [sys.executable, script], input=json.dumps(told).encode(), capture_output=True, check=True
    )
    assert json.loads(again.stdout)["as_told"] is False


def test_the_command_writes_the_same_evidence(business: Business) -> None:
    printed = io.StringIO()
    call_command("evidence", "acme", "--month", "2026-10", "--currency", "usd", stdout=printed)
    response = business.owner.client.get("/o/acme/evidence.json?month=2026-10&currency=usd")
    assert json.loads(printed.getvalue()) == json.loads(response.content)
    with pytest.raises(CommandError, match="has not begun"):
        call_command("evidence", "acme", "--month", "2027-01")


def test_a_large_month_is_refused_with_the_command_that_writes_it(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LARGEST", 5)
    response = business.owner.client.get("/o/acme/evidence.json?currency=usd")
    assert response.status_code == 400
    assert "manage.py evidence acme --month YYYY-MM" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("movements/?month=2026-13", 400, "A month is written as 2026-10"),
        ("movements/?kind=growth", 400, "kind is one of new, expansion"),
        ("movements/?rate=nothing", 400, "rate is one of"),
        ("movements/?from=2026-10-01", 400, "A day is written as 2026-10-31"),
        ("movements/?from=2026-10-02&to=2026-10-02", 400, "must lie before"),
        ("movements/?from=2026-10-01&to=2026-11-01&month=2026-10", 400, "Choose a month, or days"),
        ("movements/?after=2026-10-01", 400, "no place in the list"),
        ("movements/?plan=%00", 400, "id of a Stripe price"),
        ("movements/?currency=abc", 404, "There is no recurring revenue in ABC"),
        ("customers/?on=yesterday", 400, "A day is written as 2026-10-31"),
        ("customers/?on=2031-01-01", 404, "has not come yet"),
        ("customers/?on=0001-01-01", 404, "before 1970"),
        ("customers/?figure=revenue", 400, "figure is one of mrr, arr"),
        ("customers/?after=1~2~3", 400, "no place in the list"),
        ("evidence.json?month=2026-1", 400, "A month is written as 2026-10"),
    ],
)
def test_a_bad_address_says_what_would_be_right(
    business: Business, address: str, status: int, words: str
) -> None:
    response = business.owner.client.get(f"/o/acme/{address}")
    assert response.status_code == status
    assert words in unescape(response.content.decode())


def test_what_is_not_there_is_not_found(business: Business) -> None:
    client = business.owner.client
    known = rows(client, "/o/acme/customers/?currency=usd").customers[0]
    account = known.split("/")[4]
    for address, status in (
        (f"customers/{account}/cus_nobody/", 404),
        (f"customers/{account}/cus%00/", 404),
        (f"customers/{UUID(int=1)}/{known.split('/')[5]}/", 404),
        (f"objects/{account}/in_nothing/", 404),
        (f"objects/{account}/in%00/", 404),
        (f"segments/{account}/{known.split('/')[5]}/?subscription=sub&item=si&from=12", 404),
        (f"segments/{account}/{known.split('/')[5]}/?from=soon", 400),
        (f"customers/{account}/{known.split('/')[5]}/?before=soon", 400),
    ):
        assert client.get(f"/o/acme/{address}").status_code == status, address


def test_what_sellers_write_into_lines_is_for_admins(business: Business) -> None:
    with tenant(business.id):
        invoice = Invoice.objects.exclude(customer_id="").order_by("stripe_id")[0]
    url = f"/o/acme/objects/{invoice.connection_id}/{invoice.stripe_id}/"
    whole, hidden = (page(one.client, url) for one in (business.owner, business.teammate))
    descriptions = re.findall(r"&quot;description&quot;: &quot;(.+?)&quot;", whole)
    assert descriptions
    assert set(re.findall(r"&quot;description&quot;: &quot;(.+?)&quot;", hidden)) == {"•••"}


def test_the_pages_of_evidence_ask_little(business: Business) -> None:
    customers = rows(business.owner.client, "/o/acme/customers/?currency=usd").customers
    segment = unescape(SEGMENT.findall(page(business.owner.client, customers[0]))[0][0])
    plan = re.findall(r"plan=[^&\"]+", page(business.owner.client, "/o/acme/?currency=usd"))[0]
    for url in (
        f"/o/acme/movements/?currency=usd&{plan}",
        "/o/acme/movements/?currency=usd&rate=revenue_churn_rate",
        f"/o/acme/customers/?currency=usd&{plan}",
        customers[0],
        segment,
        unescape(OBJECT.findall(page(business.owner.client, segment))[0]),
        "/o/acme/evidence.json?currency=usd",
    ):
        asked = statements(business.owner, url)
        assert len(asked) <= 12, url + "\n" + "\n".join(asked)


def audited(business: Business) -> list[str]:
    """Close October, preview another rule, and return the audit pages of it that show amounts."""
    with set_now(NOW), tenant(business.id):
        closings.close(business.id, date(2026, 10, 1), by=business.owner.user)
        preview = previews.propose(business.id, {"discounts": "none"}, by=business.owner.user)
    pages = [f"audit/{name}/?month=2026-10&currency=usd" for name in ("bridge", "clean", "excluded")]
    pages += ["audit/months/2026-10", f"audit/definition/previews/{preview.id}?currency=usd"]
    return [f"/o/acme/{one}" for one in pages]


def test_every_number_of_the_audit_pages_opens_rows_that_sum_to_it(business: Business) -> None:
    opened = 0
    with set_now(NOW):
        for url in audited(business):
            found = list({one.url: one for one in numbers(page(business.owner.client, url))}.values())
            assert found, url
            opened += len(found)
            for one in found[:: max(len(found) // 12, 1)]:
                held_against_its_rows(business.owner.client, one)
    assert opened > 60


def test_a_month_netted_otherwise_opens_movements_netted_so(business: Business) -> None:
    for window in ("event", "month"):
        with tenant(business.id):
            set_definition(business.id, {"movement_window": window})
        catch_up(business.id)
        html = page(business.owner.client, "/o/acme/?month=2026-10&currency=usd&span=6")
        moved = [one for one in numbers(html) if "/movements/" in one.url and "2026-10" in one.url]
        assert len(moved) >= 7
        for one in moved:
            held_against_its_rows(business.owner.client, one)
