"""CAC payback: reckoned again from the sandbox's truth, and tables of spend taken whole or not at all."""

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from html import unescape
from io import BytesIO
from random import Random
from urllib.parse import urlsplit

import pytest

from accounts.models import AuditEntry, Role
from accounts.tenancy import tenant
from billing_sync.models import Payer
from billing_sync.payload import read_payload, write_payload
from billing_sync.sandbox.truth import movements
from config.clock import set_now
from metrics.cohorts.models import CohortMember
from metrics.payback import channels
from metrics.payback.models import CustomerChannel, PaybackSettings, Spend, SpendFile
from tests.cast import Person, member
from tests.dashboards.analysis.conftest import ZONE, Business
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/payback/"
CHANNELS = ("ads", "Word of  Mouth", "")
HEADER = "month,channel,amount,currency\n"
MARGIN = Fraction(80, 100)


def table() -> str:
    """Make a table of spend for two years: newer months cost more."""
    random = Random(3)
    rows = []
    for back in range(24):
        year, month = divmod((NOW.year * 12 + NOW.month - 1) - back, 12)
        for channel in ("ads", "word of mouth", "fairs"):
            rows.append(f"{year}-{month + 1:02},{channel},{random.randrange(50_000, 900_000) / 100:.2f},USD")
    return HEADER + "\n".join(rows) + "\n"


def give(person: Person, text: str) -> str:
    """Paste a table; return the page that follows."""
    with set_now(NOW):
        return person.client.post(f"{URL}spend/upload", {"text": text}, follow=True).content.decode()


def spent(text: str) -> dict[tuple[str, str], Fraction]:
    """Read a table as it was written."""
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return {(month, channel): Fraction(amount) * 10**8 for month, channel, amount, _ in rows}


@pytest.fixture
def known(business: Business) -> Iterator[str]:
    """Put a table of spend in force, with a margin and channels that were read, and take all away again."""
    organization, client = business.organization, business.owner.client
    with set_now(NOW), tenant(organization.id):
        for place, payer in enumerate(Payer.objects.order_by("customer_id")):
            fields = read_payload(payer.fields) | {"metadata": {"utm": CHANNELS[place % 3]}}
            Payer.objects.filter(connection_id=payer.connection_id, customer_id=payer.customer_id).update(
                fields=write_payload(fields)
            )
    text = table()
    with set_now(NOW):
        client.post(f"{URL}settings", {"margin": "80", "channel_key": "utm"})
        give(business.owner, text)
        with tenant(organization.id):
            proposed = SpendFile.objects.get()
        client.post(f"{URL}spend/{proposed.id}/application")
        channels.read(organization.id)
    yield text
    with tenant(organization.id):
        for model in (PaybackSettings, SpendFile, Spend, CustomerChannel):
            model.objects.all().delete()


def rows_of(html: str, caption: str) -> dict[str, list[str]]:
    """Return a table's cells by the first of each row."""
    body = re.search(rf"{caption}</caption>.*?<tbody>(.*?)</tbody>", html, re.DOTALL)
    assert body, caption
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", body[1], re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        told = [" ".join(unescape(re.sub(r"<[^>]*>", "", cell)).split()) for cell in cells]
        found[told[0]] = told[1:]
    return found


def cohorts(business: Business) -> dict[str, dict[str, dict[str, int]]]:
    """Return each dollar customer's MRR at each month's end, by month of the first: from the truth alone."""
    lives: dict[str, dict[str, int]] = {}
    for one in movements(business.company, ZONE, "day"):
        if one["currency"] == "usd":
            on = str(one["month"])
            changes = lives.setdefault(str(one["customer"]), {})
            changes[on] = changes.get(on, 0) + int(one["amount_micro"])
    found: dict[str, dict[str, dict[str, int]]] = {}
    for customer, changes in lives.items():
        found.setdefault(min(changes), {})[customer] = changes
    return found


def test_payback_is_what_the_truth_comes_to(business: Business, known: str) -> None:
    with set_now(NOW):
        told = rows_of(page(business.owner.client, URL), "Payback of each month's new customers")
    costs, joined = spent(known), cohorts(business)
    months = {"September 2026": "2026-09", "June 2026": "2026-06", "January 2026": "2026-01"}
    compared = 0
    for label, month in months.items():
        cost = sum(amount for (on, _), amount in costs.items() if on == month)
        base = sum(changes.get(month, 0) for changes in joined.get(month, {}).values())
        wanted = "–" if base <= 0 else f"{float(round(cost / (base * MARGIN) * 10) / 10):,.1f} months"
        assert told[label][3] == wanted
        compared += base > 0
        after, earned, held = None, Fraction(0), 0
        later = [f"{year}-{at:02}" for year in (2026,) for at in range(int(month[5:]), NOW.month + 1)]
        for count, on in enumerate(later, start=1):
            held += sum(changes.get(on, 0) for changes in joined.get(month, {}).values())
            earned += held * MARGIN
            if earned >= cost:
                after = count
                break
        assert told[label][4] == ("not yet" if after is None else f"{after} month{'s'[: after != 1]}")
    assert compared


def test_channels_are_what_metadata_say(business: Business, known: str) -> None:
    with set_now(NOW):
        told = rows_of(page(business.owner.client, URL), "Payback of each channel")
    first, last = date(NOW.year - 1, NOW.month, 1), date(NOW.year, NOW.month - 1, 1)
    with tenant(business.organization.id):
        payers = [one.customer_id for one in Payer.objects.order_by("customer_id")]
        members = CohortMember.objects.filter(currency="usd", month__range=(first, last))
        began = {one.customer_id: one.base_micro for one in members}
    costs = spent(known)
    for label, place, name in (
        ("ads", 0, "ads"),
        ("word of mouth", 1, "word of mouth"),
        ("none named", 2, ""),
    ):
        mine = [began[one] for at, one in enumerate(payers) if at % 3 == place and one in began]
        cost = sum(
            amount for (on, channel), amount in costs.items()
            if channel == name and f"{first:%Y-%m}" <= on <= f"{last:%Y-%m}"
        )  # fmt: skip
        assert mine
        assert told[label][1].split(" + ")[-1] == str(len(mine)) or str(len(mine)) in told[label][1].split(
            " + "
        )
        if cost and told[label][2].count("$") == 1 and "+" not in told[label][2]:
            assert told[label][3] == f"{float(round(cost / (sum(mine) * MARGIN) * 10) / 10):,.1f} months"
    assert told["fairs"][1:] == ["–", "–", "–"]


def test_every_number_opens_its_rows(business: Business, known: str) -> None:
    with set_now(NOW):
        found = numbers(page(business.owner.client, URL))
        assert len(found) > 30
        chosen = [*found[:4], *found[4::7], *[one for one in found if "channel=" in one.url]]
        opened = [held_against_its_rows(business.owner.client, one) for one in chosen]
    assert any(one.amounts for one in opened)
    assert {urlsplit(one.url).path.split("/")[-2] for one in found} == {"spend", "customers"}


def test_a_new_table_takes_the_place_of_the_old_after_showing_what_changes(
    business: Business, known: str
) -> None:
    changed = known.replace("2026-09,ads,", "2026-09,ads,1").replace("2026-08,fairs", "2026-08,boards")
    html = give(business.owner, changed)
    assert "New: 1. Left out: 1. Another amount: 1." in html
    with tenant(business.organization.id):
        present, proposed = SpendFile.objects.get(in_force=True), SpendFile.objects.get(in_force=False)
    with set_now(NOW):
        business.owner.client.post(f"{URL}spend/{proposed.id}/application")
    with tenant(business.organization.id):
        assert [one.id for one in SpendFile.objects.all()] == [proposed.id]
        assert not Spend.objects.filter(file_id=present.id).exists()
        assert spent(changed) == {
            (f"{one.month:%Y-%m}", one.channel): Fraction(one.amount_micro) for one in Spend.objects.all()
        }
        entries = AuditEntry.objects.filter(action="spend.applied", subject=str(proposed.id))
        assert entries.get().actor_id == business.owner.user.pk


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste a table or choose a file"),
        ("month,channel,amount\n2026-09,ads,1", "There is no column “currency”"),
        ("when,channel,amount,currency\n2026-09,ads,1,usd", "There is no column “month”"),
        (HEADER, "no rows below a header"),
        (HEADER + "2026-09,ads,-5,usd", "is below 0"),
        (HEADER + "2026-09,ads,11000000000,usd", "too much for one month"),
        (HEADER + "2026-09,ads,=SUM(A1),usd", "is a formula"),
        (HEADER + "=HYPERLINK(1),ads,5,usd", "is a formula"),
        (HEADER + "2026-09,ads,five,usd", "is not an amount"),
        (HEADER + "2026-09,ads,,usd", "There is no amount"),
        (HEADER + "2026-13,ads,5,usd", "is no month or day"),
        (HEADER + "2027-01,ads,5,usd", "lies in the future"),
        (HEADER + "2026-09,,5,usd", "The channel is empty"),
        (HEADER + "2026-09,ads,5,dollars", "is no currency"),
        (HEADER + "2026-09,ads,5,xts", "is no currency"),
        (HEADER + "2026-09,ads,5,usd\n2026-09, ADS ,6,usd", "Line 2 has the same month and channel"),
        (HEADER + '2026-09,"ads,5,usd', "is not CSV"),
    ],
)
def test_a_bad_table_is_named_and_nothing_of_it_kept(business: Business, text: str, says: str) -> None:
    with set_now(NOW):
        answer = business.owner.client.post(f"{URL}spend/upload", {"text": text})
    assert answer.status_code == 422
    assert says in unescape(answer.content.decode())
    with tenant(business.organization.id):
        assert not SpendFile.objects.exists()
        assert not Spend.objects.exists()


def test_a_currency_without_a_rate_is_refused(business: Business) -> None:
    with tenant(business.organization.id):
        type(business.organization).objects.filter(id=business.organization.id).update(currency="usd")
    with set_now(NOW):
        answer = business.owner.client.post(f"{URL}spend/upload", {"text": HEADER + "2026-09,ads,5,chf"})
    type(business.organization).objects.filter(id=business.organization.id).update(currency="")
    assert answer.status_code == 422
    assert "no exchange rate from CHF to USD" in answer.content.decode()


def test_files_are_read_in_any_usual_encoding(business: Business) -> None:
    text = "Month;Channel;Amount;Currency\r\n09/2026;Ünter den Linden;1.234,50;eur\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        file = BytesIO(text.encode(encoding))
        file.name = "spend.csv"
        with set_now(NOW):
            business.owner.client.post(f"{URL}spend/upload", {"file": file})
        with tenant(business.organization.id):
            (one,) = Spend.objects.all()
            SpendFile.objects.all().delete()
            Spend.objects.all().delete()
        assert (one.channel, one.amount_micro, one.month) == (
            "ünter den linden",
            123_450_000_000,
            date(2026, 9, 1),
        )


def test_viewers_read_and_change_nothing(business: Business, known: str) -> None:
    viewer = member("viewer@acme.example", business.organization, Role.VIEWER)
    with set_now(NOW):
        html = page(viewer.client, URL)
        assert "<form" not in html.split('id="payback"')[1]
        for path in ("spend/upload", "settings"):
            assert viewer.client.post(f"{URL}{path}", {"text": table()}).status_code == 403


def test_the_pages_ask_little_and_explain_bad_addresses(business: Business, known: str) -> None:
    with set_now(NOW):
        assert len(statements(business.owner, URL)) <= 12
        for query in ("", "currency=usd&from=2026-13&to=2026-09", "currency=usd&from=2026-09&to=2026-01"):
            assert business.owner.client.get(f"{URL}spend/?{query}").status_code == 400
        span = "currency=usd&from=2026-01&to=2026-09"
        for query in ("after=x", "after=[1]", 'after=["2026-09-01","x","y"]'):
            assert business.owner.client.get(f"{URL}customers/?{span}&{query}").status_code == 400
