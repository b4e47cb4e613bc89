"""The words of a segment against the segment: of every story, under every kind of definition."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Coupon, Price, Tier
from metrics.core.history import Configuration, history
from metrics.core.ledger import segments
from metrics.core.money import MICRO
from metrics.core.pricing import Applied
from metrics.evidence.arithmetic import Explanation, explain
from tests.metrics.decoding import Decoded

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
DEFINITIONS = (
    Definition(),
    Definition(discounts="all", usage="trailing_3_invoices", past_due_grace_days=3),
    Definition(discounts="none", require_first_payment=False, churn_at="cancellation_request"),
)


def explained(
    past: list[Configuration], catalogue: Catalogue, definition: Definition
) -> Iterator[Explanation]:
    """Yield the explanation of every segment, after holding it against the segment."""
    for segment in segments(past, catalogue, definition):
        found = explain(segment, past, catalogue, definition)
        assert found is not None
        last = found.steps[-1].left
        assert last * MICRO == found.mrr_micro == segment.mrr_micro, segment
        assert bool(found.excluded) or found.value_micro == segment.mrr_micro
        yield found


def test_the_last_step_is_the_segment_for_every_story() -> None:
    decoded = Decoded(generate(5, 124, NOW, mix=dict.fromkeys(STORIES, 1)))
    catalogue, codes = decoded.shelf.catalogue(), set[str]()
    for customer in decoded.customers():
        past = list(history(customer, catalogue).configurations)
        for definition in DEFINITIONS:
            for one in explained(past, catalogue, definition):
                codes |= {step.code for step in one.steps}
    assert codes >= {"per_unit", "tier", "volume", "packages", "percent_off", "amount_off"}
    assert codes >= {"interval", "rounded", "rule", "usage"}


amounts = st.fractions(0, 10_000, max_denominator=100)
prices = st.builds(
    Price,
    id=st.sampled_from(["a", "b"]),
    product=st.sampled_from(["x", "y"]),
    amounts=st.lists(amounts, min_size=1, max_size=3).map(
        lambda units: {
            "eur": [
                Tier(None if n == len(units) - 1 else 3 * (n + 1), unit, n * unit)
                for n, unit in enumerate(units)
            ]
        }
    ),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    interval_count=st.integers(1, 6),
    tiers_mode=st.sampled_from([None, "graduated", "volume"]),
    divide_by=st.sampled_from([None, 2, 5]),
    round=st.sampled_from(["up", "down"]),
)
coupons = st.builds(
    Coupon,
    id=st.just(""),
    duration=st.sampled_from(["forever", "once", "repeating"]),
    percent_off=st.none() | st.fractions(0, 100, max_denominator=8),
    amounts_off=st.fixed_dictionaries({"eur": st.integers(0, 20_000)}),
    products=st.sampled_from([frozenset(), frozenset("x")]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(prices, min_size=1, max_size=3),
    st.lists(coupons, max_size=3),
    st.lists(st.integers(0, 20), min_size=3, max_size=3),
    st.fractions(0, 1, max_denominator=9),
)
def test_the_last_step_is_the_segment_whatever_the_prices_and_coupons(
    listed: list[Price], laid: list[Coupon], quantities: list[int], tax: Fraction
) -> None:
    held = {f"price_{n}": price for n, price in enumerate(listed)}
    catalogue = Catalogue(held, {f"coupon_{n}": coupon for n, coupon in enumerate(laid)})
    discounts = tuple(Applied(n > 0, f"di_{n}", f"coupon_{n}") for n in range(len(laid)))
    past = [
        Configuration(
            "sub",
            f"si_{n}",
            0,
            None,
            f"price_{n}",
            quantities[n],
            "eur",
            paid=True,
            discounts=discounts[n:],
            tax_share=tax,
        )
        for n in range(len(listed))
    ]
    for definition in DEFINITIONS:
        assert len(list(explained(past, catalogue, definition))) == len(listed)


def test_an_amount_shared_over_items_says_what_it_was_shared_over() -> None:
    catalogue = Catalogue(
        {
            "big": Price("big", "x", {"eur": [Tier(None, 3000)]}),
            "small": Price("small", "y", {"eur": [Tier(None, 2000)]}),
        },
        {"ten": Coupon("ten", "forever", amounts_off={"eur": 1000})},
    )
    past = [
        Configuration(
            "sub", name, 0, None, name, 1, "eur", paid=True, discounts=(Applied(True, "di", "ten"),)
        )
        for name in ("big", "small")
    ]
    first, _ = explained(past, catalogue, Definition())
    step = first.steps[1]
    assert (step.code, step.left) == ("amount_off", 2400)
    assert (step.facts["amount"], step.facts["over"], step.facts["items"]) == (1000, 5000, 2)


def test_a_segment_without_a_stored_history_has_no_explanation() -> None:
    catalogue = Catalogue({"p": Price("p", "x", {"eur": [Tier(None, 3000)]})}, {})
    past = [Configuration("sub", "si", 0, None, "p", 1, "eur", paid=True)]
    (segment,) = segments(past, catalogue, Definition())
    assert explain(segment, [], catalogue, Definition()) is None
