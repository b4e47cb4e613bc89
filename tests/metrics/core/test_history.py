"""What was configured from when to when, from lines alone, events alone, and both."""

from dataclasses import replace

from metrics.core.facts import Subscription
from tests.metrics.core.build import at, customer, invoice, item, ledger, line, moved, spans, state

JAN, FEB, MAR, APR = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"


def now(*items, **more):
    return replace(state("2026-03-15", JAN, *items, **more), event=None)


def test_renewals_of_the_same_terms_are_one_segment():
    invoices = (invoice(JAN, line("basic", JAN, FEB)), invoice(FEB, line("basic", FEB, MAR)))
    facts = customer(Subscription("sub", now(item("basic")), invoices=invoices))
    assert spans(ledger(facts)) == [(JAN, None, 1000)]
    assert ledger(facts)[0].evidence == (
        "in_2026-01-01/il_basic_2026-01-01_1_1000",
        "in_2026-02-01/il_basic_2026-02-01_1_1000",
    )


def test_a_prorated_upgrade_is_dated_by_its_pair():
    change = "2026-01-10"
    pair = (
        line("basic", change, FEB, amount=-700, proration=True, credited=True),
        line("pro", change, FEB, amount=2100, proration=True),
    )
    invoices = (invoice(JAN, line("basic", JAN, FEB)), invoice(FEB, *pair, line("pro", FEB, MAR)))
    facts = customer(Subscription("sub", now(item("pro")), invoices=invoices))
    assert spans(ledger(facts)) == [(JAN, change, 1000), (change, None, 3000)]
    assert [(m.kind, m.amount_micro, m.reasons) for m in moved(ledger(facts))] == [
        ("new", 1_000_000_000, ("started",)),
        ("expansion", 2_000_000_000, ("plan_change",)),
    ]


def test_an_ended_subscription_is_clipped():
    invoices = (invoice(JAN, line("basic", JAN, FEB)),)
    facts = customer(
        Subscription(
            "sub", now(item("basic"), status="canceled", ended_at=at("2026-01-20")), invoices=invoices
        )
    )
    assert spans(ledger(facts)) == [(JAN, "2026-01-20", 1000)]
    assert [m.kind for m in moved(ledger(facts))] == ["new", "churn"]


def test_events_alone_make_the_history():
    snaps = (
        state(JAN, JAN, item("basic")),
        state("2026-01-10", JAN, item("pro", 2)),
        state(MAR, JAN, item("pro", 2), status="canceled", ended_at=at(MAR)),
    )
    facts = customer(Subscription("sub", snapshots=snaps))
    assert spans(ledger(facts)) == [(JAN, "2026-01-10", 1000), ("2026-01-10", MAR, 6000)]
