"""Invoices as amounts: every line once, told apart by what it bills, summing to Stripe's own total."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.stories import FULL
from metrics.build import payloads
from metrics.build.facts import Found, Shelf, coupon_fact, price_fact
from metrics.build.invoiced import Invoiced, invoiced_lines
from tests.metrics.decoding import Decoded
from tests.soak import sized

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
SEEDS = range(sized(2, 1_000))


def lines_of(company: Company) -> list[Invoiced]:
    decoded = Decoded(company)
    return [line for life in company.lives for line in decoded.loaded(life.customer.id).invoiced()]


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_the_lines_of_random_companies_sum_to_their_invoices(seed: int) -> None:
    company = generate(seed=seed, size=25, now=NOW, mix=FULL)
    opened = {one.id: one for one in company.book.all("invoice") if one.status != "draft"}
    sums: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    places: Counter[tuple[str, int]] = Counter()
    for line in lines_of(company):
        sums[line.invoice] += line.amount - line.discount
        kinds[line.kind] += 1
        places[line.invoice, line.position] += 1
        assert abs(line.added_tax) <= abs(line.tax)
        assert line.once_discount + line.repeating_discount <= line.discount
    assert {name: one.total for name, one in opened.items()} == {name: sums[name] for name in opened}
    assert sums.keys() == opened.keys()
    assert set(places.values()) == {1}
    assert kinds["remainder"] == 0
    assert sum(kinds.values()) == sum(len(one.lines) for one in opened.values())


def invoice(**more: Any) -> list[Invoiced]:
    """Return the lines of an invoice over a catalogue of a few prices and coupons."""
    shelf = Shelf()
    month = {"interval": "month", "interval_count": 1}
    for name, recurring in (("team", month), ("setup", None), ("calls", month | {"usage_type": "metered"})):
        price = {"id": name, "currency": "eur", "unit_amount": 1_000, "recurring": recurring}
        shelf.prices[name] = price_fact(msgspec.convert(price, payloads.Price, strict=False))
    for name in ("once", "repeating", "forever"):
        shelf.coupons[name] = coupon_fact(payloads.Coupon(name, duration=name))
    found = Found(shelf)
    for name in ("once", "repeating", "forever"):
        found.add(payloads.Discount(f"di_{name}", payloads.CouponSource(name)))
    told = {"id": "in_1", "status": "paid", "created": 100, "currency": "eur", **more}
    return list(invoiced_lines(msgspec.convert(told, payloads.Invoice, strict=False), found))


def line(amount: int, price: str | None = "team", *, item: str | None = "si_1", **more: Any) -> Any:
    details = {"subscription": "sub_1", "subscription_item": item, "proration": more.pop("proration", False)}
    parent = {"subscription_item_details" if item else "invoice_item_details": details}
    pricing = {"price_details": {"price": price}} if price else None
    period = {"start": 100, "end": 200}
    facts = {"id": "il_1", "amount": amount, "quantity": 1, "parent": parent, "pricing": pricing}
    return facts | {"period": period} | more


@pytest.mark.parametrize(
    ("told", "reason", "kind"),
    [
        (line(1_000), "subscription_cycle", "recurring"),
        (line(0), "subscription_create", "trial"),
        (line(0, quantity=0), "subscription_create", "free"),
        (line(700, "calls"), "subscription_cycle", "usage"),
        (line(-300, proration=True), "subscription_update", "proration"),
        (line(5_000, "setup", item=None), "subscription_create", "setup_fee"),
        (line(5_000, "setup", item=None), "manual", "one_off"),
        (line(5_000, None, item=None), "manual", "one_off"),
        (line(5_000, "gone"), "subscription_cycle", "unknown_price"),
    ],
)
def test_a_line_is_named_by_what_it_bills(told: Any, reason: str, kind: str) -> None:
    (made,) = invoice(lines={"data": [told]}, billing_reason=reason)
    assert made.kind == kind


def test_tax_on_top_belongs_to_the_amount_and_tax_within_it_does_not() -> None:
    taxes = [
        {"amount": 200, "tax_behavior": "exclusive"},
        {"amount": 100, "tax_behavior": "inclusive"},
    ]
    (made,) = invoice(lines={"data": [line(1_000, taxes=taxes)]}, total=1_200)
    assert (made.amount, made.tax, made.added_tax) == (1_200, 300, 200)


def test_discounts_are_told_apart_by_how_long_they_last() -> None:
    off = [{"amount": 10**n, "discount": f"di_{name}"} for n, name in enumerate(("once", "repeating", "x"))]
    (made,) = invoice(lines={"data": [line(1_000, discount_amounts=off)]}, total=889)
    assert (made.discount, made.once_discount, made.repeating_discount) == (111, 1, 10)


def test_a_discount_of_one_invoice_lasts_once() -> None:
    off = [{"amount": 50, "discount": "di_own"}]
    own = [{"id": "di_own", "invoice": "in_1", "source": {"coupon": "forever"}}]
    (made,) = invoice(discounts=own, lines={"data": [line(1_000, discount_amounts=off)]}, total=950)
    assert made.once_discount == 50


def test_what_a_total_has_beyond_its_lines_is_a_line_of_its_own() -> None:
    shipping = {"total_taxes": [{"amount": 40, "tax_behavior": "exclusive"}]}
    first, rest = invoice(lines={"data": [line(1_000)]}, total=1_240, **shipping)
    assert (first.kind, first.amount) == ("recurring", 1_000)
    assert (rest.kind, rest.amount, rest.tax) == ("remainder", 240, 40)


def test_a_draft_is_no_invoice_yet() -> None:
    assert invoice(status="draft", lines={"data": [line(1_000)]}, total=1_000) == []
