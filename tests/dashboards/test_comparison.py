"""What a month's figures stand beside: the month before, the year before, or as many of their days."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from dashboards.formatting import money
from dashboards.models import DisplaySettings
from metrics.definitions import set_definition
from metrics.exchange.quotes import Quote
from metrics.exchange.storing import store
from metrics.models import CurrentBuild, MonthlyRevenue
from metrics.periods import shift
from tests.cast import Person, member
from tests.dashboards.business import UNIT, Moved, moved
from tests.dashboards.crawler import KEYS, held_against_its_rows, numbers
from tests.dashboards.revenue import NOW, add_revenue, computed, connect, revenue

URL = "/o/acme/"
DISPLAY = "/o/acme/display/"


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def trading(organization: Organization, *moves: Moved) -> None:
    """Give an organization movements in euro, by day and by month."""
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    moved(organization, key, "eur", moves)


def beside(client: Client, query: str = "") -> dict[str, str]:
    """Return what stands beneath each figure of the snapshot, as text."""
    response = client.get(URL + query)
    assert response.status_code == 200
    html = response.content.decode()
    found = re.findall(r'data-figure="(\w+)">.*?</p>\s*<p class="figure-before">(.*?)</p>', html, re.DOTALL)
    told = {name: " ".join(re.sub(r"<.*?>", "", text).split()) for name, text in found}
    note = re.search(r'id="comparison">(.*?)</p>', html)
    assert note
    return {name: unescape(text) for name, text in told.items()} | {"note": unescape(note[1])}


MOVES: tuple[Moved, ...] = (
    (date(2025, 11, 10), "new", 1_000),
    (date(2025, 11, 25), "new", 500),
    (date(2026, 10, 5), "new", 200),
    (date(2026, 10, 21), "churn", 100),
    (date(2026, 10, 22), "new", 7_000),
    (date(2026, 11, 3), "new", 300),
    (date(2026, 11, 21), "churn", 50),
)


def test_a_month_so_far_stands_beside_the_same_days_of_the_month_before(
    owner: Person, organization: Organization
) -> None:
    trading(organization, *MOVES)
    told = beside(owner.client)
    assert told["new"] == "+50.0% €200.00 by 21 Oct 2026"
    assert told["churn"] == "−50.0% €100.00 by 21 Oct 2026"
    assert told["net_new"] == "+€100.00 by 21 Oct 2026"
    assert told["revenue_churn_rate"] == "−6.1 points 6.7% by 21 Oct 2026"
    assert told["mrr"] == "+2.9% €8,600.00 in Oct"
    assert told["note"] == "What moved up to today stands beside what moved up to 21 October 2026."


def test_a_month_so_far_stands_beside_the_same_days_of_the_year_before(
    owner: Person, organization: Organization
) -> None:
    trading(organization, *MOVES)
    told = beside(owner.client, "?against=year")
    assert told["new"] == "−70.0% €1,000.00 by 21 Nov 2025"
    assert told["mrr"] == "+785.0% €1,000.00 on 21 Nov 2025"


def test_a_whole_month_stands_beside_the_year_before(owner: Person, organization: Organization) -> None:
    trading(organization, (date(2025, 10, 2), "new", 100), *MOVES)
    told = beside(owner.client, "?month=2026-10&against=year")
    assert told["mrr"] == "+8,600.0% €100.00 in Oct 2025"
    assert told["arr"] == "+8,600.0% €1,200.00 in Oct 2025"
    assert told["new"] == "+7,100.0% €100.00 in Oct 2025"
    assert told["note"] == "Compared with October 2025."


@pytest.mark.parametrize(
    ("now", "query", "day", "words"),
    [
        (datetime(2026, 3, 31, 12, tzinfo=UTC), "", "28 Feb 2026", "31 March has no counterpart in February"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "?against=year", "28 Feb 2023", "29 February has no"),
    ],
)
def test_a_shorter_month_is_compared_as_a_whole_and_said_to_be(
    now: datetime, query: str, day: str, words: str, owner: Person, organization: Organization
) -> None:
    last = date(2023, 2, 28) if query else date(2026, 2, 28)
    trading(organization, (date(2022, 1, 1), "new", 1), (last, "new", 40), (now.date(), "new", 10))
    with tenant(organization.id):
        CurrentBuild.objects.update(data_through=now, computed_at=now)
    with clock.set_now(now):
        told = beside(owner.client, query)
    assert told["new"] == f"−75.0% €40.00 by {day}"
    assert words in told["note"]


def test_a_comparison_with_nothing_before_it_is_a_dash_with_its_reason(
    owner: Person, organization: Organization
) -> None:
    trading(organization, *MOVES)
    for query in ("?month=2025-11", "?month=2026-10&against=year"):
        told = beside(owner.client, query)
        reason = "– no revenue in Oct 2025"
        assert {told[name] for name in told if name != "note"} == {reason}
        assert told["note"] == "There was no revenue in October 2025 to compare with."
    assert beside(owner.client)["expansion"] == "– €0.00 by 21 Oct 2026"


def test_a_definition_that_nets_by_month_compares_the_net_change_alone(
    owner: Person, organization: Organization
) -> None:
    trading(organization, *MOVES)
    with tenant(organization.id):
        version = set_definition(organization.id, {"movement_window": "month"}).version
        for table in (CurrentBuild, MonthlyRevenue):
            table.objects.update(definition_version=version)
    told = beside(owner.client)
    assert told["new"] == "– not netted by day"
    assert "only the net change is compared" in told["note"]


def test_all_in_one_currency_compares_whole_months_alone(owner: Person, organization: Organization) -> None:
    trading(organization, *MOVES)
    assert beside(owner.client, "?in=eur")["new"] == "– compared within one currency"
    assert beside(owner.client, "?in=eur&month=2026-11&against=year")["mrr"].endswith("in Nov 2025")


def test_converted_months_are_compared_as_the_command_converts_them(
    owner: Person, organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    for currency in ("eur", "jpy"):
        add_revenue(organization, key, currency)
        with tenant(organization.id):
            MonthlyRevenue.objects.create(
                **key, currency=currency, month=date(2025, 9, 1), new_micro=77 * UNIT, customers_new=1
            )
    ends = [shift(date(2026, 10, 1), -back) - timedelta(days=1) for back in range(8)]
    told = quoted(owner, organization, ends, "?in=eur&month=2026-09&span=6&against=year")
    assert {told[name] for name in told if name != "note"} == {"– no exchange rate"}
    assert "no exchange rate from JPY to EUR for 31 August 2025" in told["note"]
    years = [shift(date(2025, 10, 1), -back) - timedelta(days=1) for back in range(2)]
    for against, then in (("previous", "2026-08"), ("year", "2025-09")):
        told = quoted(owner, organization, years, f"?in=eur&month=2026-09&span=6&against={against}")
        call_command("metrics", "acme", "--month", then, "--in", "eur")
        model = json.loads(capsys.readouterr().out)["recurring_revenue"]
        for name, words in told.items():
            if name in KEYS:
                assert str(money(model[f"{KEYS[name]}_micro"], "eur")) in words


def quoted(owner: Person, organization: Organization, days: list[date], query: str) -> dict[str, str]:
    """Store rates of some days, and return what then stands beneath each figure."""
    with tenant(organization.id):
        store(organization.id, [Quote("eur", "jpy", on, Decimal(160 + on.month), "csv") for on in days])
    return beside(owner.client, query)


def test_every_comparison_opens_rows_that_sum_to_it(owner: Person, organization: Organization) -> None:
    trading(organization, *MOVES)
    opened = set[str]()
    for query in ("", "?against=year", "?month=2026-11&against=year&span=6"):
        html = owner.client.get(URL + query).content.decode()
        snapshot = html[
            html.index('class="snapshot"') : html.index("</section>", html.index('class="snapshot"'))
        ]
        for one in numbers(snapshot):
            if "movements/?from=" in one.url and one.url not in opened:
                opened.add(one.url)
                held_against_its_rows(owner.client, one)
    assert len(opened) == 13


def test_what_is_compared_stays_in_the_address(owner: Person, organization: Organization) -> None:
    trading(organization, *MOVES)
    html = owner.client.get(f"{URL}?against=year").content.decode()
    assert 'href="?month=2026-10&amp;currency=eur&amp;span=12&amp;against=year"' in html
    assert 'href="?month=2026-11&amp;currency=eur&amp;span=12"' in html
    response = owner.client.get(f"{URL}?against=decade")
    assert (response.status_code, "against is one of previous, year." in response.content.decode()) == (
        400,
        True,
    )


def first(client: Client, query: str = "") -> str:
    """Return the figure that stands first."""
    found = re.search(r'data-figure="(\w+)"', client.get(URL + query).content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("currency", ["eur", "jpy", "kwd"])
def test_arr_stands_first_from_100_000_on(currency: str, owner: Person, organization: Organization) -> None:
    revenue(organization, currency=currency)
    places = {"eur": 2, "jpy": 0, "kwd": 3}[currency]
    least = -(-100_000 * 10**places * 1_000_000 // 12)
    rows = MonthlyRevenue.objects.filter(month=date(2026, 8, 1))
    for mrr_micro, name in ((least, "arr"), (least - 1, "mrr")):
        with tenant(organization.id):
            rows.update(new_micro=mrr_micro)
            CurrentBuild.objects.update(computed_at=NOW)
        html = owner.client.get(f"{URL}?month=2026-08").content.decode()
        assert first(owner.client, "?month=2026-08") == name
        assert f"{name.upper()} at month end" in html


def test_admins_choose_which_figure_stands_first(
    owner: Person, teammate: Person, organization: Organization
) -> None:
    revenue(organization)
    assert first(owner.client, "?month=2026-09") == "arr"
    for _ in range(2):
        assert owner.client.post(DISPLAY, {"emphasis": "mrr"}).status_code == 302
    assert first(owner.client, "?month=2026-09") == first(teammate.client, "?month=2026-09") == "mrr"
    assert "MRR first" in teammate.client.get(DISPLAY).content.decode()
    with tenant(organization.id):
        (entry,) = AuditEntry.objects.all()
        assert (entry.action, entry.actor) == ("display_settings.changed", owner.user)
        assert entry.details == {"emphasis": "mrr", "before": "automatic"}


def test_others_read_the_choice_and_change_nothing(organization: Organization) -> None:
    for role in (Role.MEMBER, Role.VIEWER):
        somebody = member(f"{role}@acme.example", organization, role)
        assert somebody.client.post(DISPLAY, {"emphasis": "arr"}).status_code == 403
        assert "<form" not in somebody.client.get(DISPLAY).content.decode().split("<main")[1]
    with tenant(organization.id):
        assert not DisplaySettings.objects.exists()


def test_a_choice_that_does_not_exist_is_told_so(owner: Person) -> None:
    answer = owner.client.post(DISPLAY, {"emphasis": "profit"})
    assert (answer.status_code, "Choose one of the three." in answer.content.decode()) == (422, True)


def test_a_choice_changes_the_page_that_is_held(owner: Person, organization: Organization) -> None:
    revenue(organization)
    owner.client.get(URL)
    tag = owner.client.get(URL)["ETag"]
    owner.client.post(DISPLAY, {"emphasis": "mrr"})
    owner.client.get(DISPLAY)
    assert owner.client.get(URL, headers={"If-None-Match": tag}).status_code == 200
