"""The excluded ledger of a month: nothing left, nothing twice, under every definition."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import FULL
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.core.ledger import DURATIONS
from metrics.core.money import MICRO
from metrics.invoiced import queries as ledger
from metrics.invoiced.models import InvoicedLine
from metrics.models import Configuration
from metrics.queries import Shown
from tests.metrics.seeding import Mirror, facts, mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
KINDS = ("recurring", "usage", "one_off", "setup_fee", "proration", "trial", "free", "remainder")
STATUSES = ("paid", "open", "void", "uncollectible", "hibernating")
SETTINGS = list(
    zip(DURATIONS, cycle(("exclude", "trailing_3_invoices")), cycle((True, True, False)), strict=False)
)


@pytest.fixture
def business(organization: Organization) -> Iterator[Mirror]:
    one = mirrored(organization, generate(seed=5, size=12, now=NOW, mix=FULL))
    with set_now(NOW):
        recompute(organization.id)
        yield one


def random_lines(organization: Organization, count: int) -> None:
    """Write lines that no invoice has to make sense of, and periods that were given back."""
    dice, connection_id = random.Random(6), "00000000-0000-0000-0000-000000000001"
    start = datetime(2026, 10, 1, tzinfo=UTC)
    made = []
    for place in range(count):
        once, repeating, forever, tax, net = (dice.choice((0, dice.randint(-900, 900))) for _ in range(5))
        at, off = start + timedelta(hours=dice.randint(0, 743)), once + repeating + forever
        where = {"invoice_id": f"in_{place % 40}", "position": place, "subscription_id": f"sub_{place % 7}"}
        spoken = {"currency": "eur", "kind": dice.choice(KINDS), "status": dice.choice(STATUSES)}
        when = {"billed_at": at, "period_start": at, "period_end": at + timedelta(days=30)}
        amounts = {"amount": net + off + tax, "discount": off, "once_discount": once, "tax": tax}
        made.append(
            InvoicedLine(
                organization=organization,
                connection_id=connection_id,
                customer_id=f"cus_{place % 9}",
                repeating_discount=repeating,
                added_tax=0,
                **where,
                **spoken,
                **when,
                **amounts,
            )
        )
    InvoicedLine.objects.bulk_create(made)
    refunded(organization, connection_id, start + timedelta(days=10))


def refunded(organization: Organization, connection_id: str, at: datetime) -> None:
    """Write that every subscription was given back from an instant on."""
    Configuration.objects.bulk_create(
        Configuration(
            organization=organization,
            connection_id=connection_id,
            customer_id=f"cus_{n}",
            subscription_id=f"sub_{n % 7}",
            item_id="si_1",
            from_at=at,
            price_id="price_1",
            quantity=1,
            currency="eur",
            status="active",
            refunded=True,
            paid=True,
            collection_paused=False,
            cancel_requested=False,
            discounts=[],
            evidence=[],
            start_exact=True,
            end_exact=True,
        )
        for n in range(9)
    )


def test_every_random_line_is_split_once_under_every_definition(organization: Organization) -> None:
    october = date(2026, 10, 1)
    with tenant(organization.id):
        random_lines(organization, 300)
        usual = queries.shown(organization.id)
        for discounts, usage, netted in SETTINGS:
            rules = replace(usual.definition, discounts=discounts, usage=usage, refunds_netted_out=netted)
            shown = replace(usual, definition=rules)
            split = ledger.month(shown, "eur", october)
            assert split.residual == 0
            assert split.lines == 300
            told = Counter[tuple[object, ...]]()
            for part in (*split.headings, *split.excluded):
                rows = ledger.lines(shown, "eur", october, part.rule, most=1_000)
                assert sum(row.part_micro for row in rows) == part.amount_micro
                assert len(rows) == part.lines
                for row in rows:
                    told[row.key] += row.part_micro
            amounts = {
                (one.connection_id, one.customer_id, one.invoice_id, one.position): one.amount * MICRO
                for one in InvoicedLine.objects.all()
            }
            assert told == amounts


def test_the_setting_decides_what_counts(organization: Organization) -> None:
    with tenant(organization.id):
        random_lines(organization, 300)
        usual = queries.shown(organization.id)

        def rules(**settings: object) -> set[str]:
            shown = replace(usual, definition=replace(usual.definition, **settings))  # type: ignore[arg-type]
            return {one.rule for one in ledger.month(shown, "eur", date(2026, 10, 1)).excluded}

        assert {"usage", "once_discount", "refund", "unpaid", "void", "proration", "setup_fee"} <= rules()
        assert "usage" not in rules(usage="trailing_3_invoices")
        assert "refund" not in rules(refunds_netted_out=False)
        assert "once_discount" not in rules(discounts="all")
        assert {"once_discount", "repeating_discount", "forever_discount"} <= rules(discounts="none")


def months(shown: Shown) -> Iterator[ledger.InvoicedMonth]:
    """Yield the split of every month of every currency."""
    for currency, first in ledger.first_months(shown.organization_id, shown.zone).items():
        on = first
        while on <= shown.today:
            yield ledger.month(shown, currency, on)
            on = (on + timedelta(days=32)).replace(day=1)


def test_a_company_is_split_with_nothing_left_and_charged_what_it_invoiced(business: Mirror) -> None:
    opened = [one for one in business.company.book.all("invoice") if one.status != "draft"]
    with tenant(business.organization_id):
        shown = queries.shown(business.organization_id)
        split = list(months(shown))
        assert all(one.residual == 0 for one in split)
        charged: Counter[str] = Counter()
        for one in split:
            charged[one.currency] += one.charged_micro
    true: Counter[str] = Counter()
    for invoice in opened:
        true[invoice.currency] += invoice.total * MICRO
    assert charged == true


def test_pages_of_lines_hold_every_line_once(organization: Organization) -> None:
    with tenant(organization.id):
        random_lines(organization, 150)
        shown, october = queries.shown(organization.id), date(2026, 10, 1)
        whole = ledger.lines(shown, "eur", october, "one_off", most=1_000)
        paged: list[ledger.Line] = []
        while some := ledger.lines(
            shown, "eur", october, "one_off", after=paged[-1].key if paged else None, most=3
        ):
            paged += some
    assert paged == whole
    assert len(whole) > 3


def test_customers_computed_again_have_the_lines_of_a_full_build(business: Mirror) -> None:
    later = NOW + timedelta(days=40)
    business.company.advance(int(later.timestamp()))
    business.copy()
    names = [(business.connection_id, life.customer.id) for life in business.company.lives]
    with set_now(later):
        recompute(business.organization_id, names)
        in_place = facts(business.organization_id)
        recompute(business.organization_id)
    assert "metrics_invoicedline" in in_place
    assert facts(business.organization_id) == in_place
