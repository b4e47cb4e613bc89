"""The truth agrees with itself, and with what the invoices bill."""

import json
from collections import defaultdict

import pytest

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.ledger import Ledger, Row
from billing_sync.sandbox.truth import kind_of, movements, mrr_at, steps, totals, truth
from billing_sync.sandbox.valuation import interval_amount, micro, monthly

KINDS = {"new", "expansion", "reactivation", "contraction", "churn"}


@pytest.mark.parametrize("window", ["day", "month", "event"])
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_months_add_up_to_what_customers_are_worth_at_the_end(
    company: Company, zone: str, window: str
) -> None:
    months = totals(company, zone, window)["usd"]
    assert list(months.values())[-1]["ending"] == sum(mrr_at(company, company.now).values())


def test_each_month_starts_where_the_one_before_ended(company: Company) -> None:
    months = list(totals(company, "Europe/Paris")["usd"].values())
    assert [m["starting"] for m in months[1:]] == [m["ending"] for m in months[:-1]]


def test_a_month_moves_by_the_same_net_in_every_window(company: Company) -> None:
    by_window = [totals(company, "UTC", window)["usd"] for window in ("day", "month", "event")]
    endings = [[month["ending"] for month in months.values()] for months in by_window]
    assert endings[0] == endings[1] == endings[2]


def test_the_plain_business_shows_all_five_kinds(company: Company) -> None:
    assert {movement["kind"] for movement in movements(company)} == KINDS


def test_every_regular_line_bills_what_the_script_says(company: Company) -> None:
    ledgers = {item: rows for life in company.lives for item, rows in life.ledger.rows.items()}
    wrong = []
    for invoice in company.book.all("invoice"):
        for line in invoice.lines:
            if line.proration:
                continue
            row = next(r for r in ledgers[line.item] if r.from_at <= line.period_start < (r.to_at or 2**53))
            amount = interval_amount(line.price, line.quantity)
            if (row.mrr_micro, line.amount) != (micro(monthly(line.price, amount)), amount):
                wrong.append(line.id)
    assert wrong == []


def test_a_credit_undoes_a_line_of_the_same_item(company: Company) -> None:
    lines = {(invoice.id, line.id): line for invoice in company.book.all("invoice") for line in invoice.lines}
    credits = [line for line in lines.values() if line.credits]
    assert credits
    assert all(lines[line.credits].item == line.item for line in credits)
    assert all(line.amount < 0 for line in credits)


def test_every_invoice_adds_up(company: Company) -> None:
    for invoice in company.book.all("invoice"):
        assert invoice.subtotal == sum(line.amount for line in invoice.lines)
        if invoice.status != "draft":
            owed = invoice.total + invoice.starting_balance
            assert (invoice.amount_due, invoice.ending_balance) == (max(0, owed), min(0, owed))


def test_rows_of_one_item_never_overlap(company: Company) -> None:
    for life in company.lives:
        for rows in life.ledger.rows.values():
            ends = [row.to_at for row in rows[:-1]]
            starts = [row.from_at for row in rows[1:]]
            assert all(end is not None and end <= start for end, start in zip(ends, starts, strict=True))


def test_truth_can_be_written_as_json(company: Company) -> None:
    found = json.loads(json.dumps(truth(company)))
    assert found["now"] == company.now
    assert len(found["customers"]) == len({m["customer"] for m in movements(company)})


def test_a_customer_who_was_worth_something_for_an_instant_returns_as_reactivation() -> None:
    ledger = Ledger({"si_1": [Row(0, 10, 5, "price", 1), Row(20, None, 7, "price", 1)]}, {"si_1": "usd"})
    assert steps(ledger) == {"usd": [(0, 5), (10, 0), (20, 7)]}
    assert kind_of(0, 7, ever=True) == "reactivation"


def test_clearing_from_an_earlier_instant_forgets_what_came_after() -> None:
    ledger = Ledger()
    ledger.set("si_1", 10, 5, "price", 1, "usd")
    ledger.set("si_1", 20, 8, "price", 2, "usd")
    ledger.clear("si_1", 15)
    assert ledger.rows["si_1"] == [Row(10, 15, 5, "price", 1)]


def test_the_same_worth_again_is_no_new_row() -> None:
    ledger = Ledger()
    ledger.set("si_1", 10, 5, "price", 1, "usd")
    ledger.set("si_1", 20, 5, "price", 1, "usd")
    assert ledger.rows["si_1"] == [Row(10, None, 5, "price", 1)]


def test_all_customers_balance_at_every_month_end(company: Company) -> None:
    sums: dict[str, int] = defaultdict(int)
    for movement in movements(company, "UTC", "month"):
        sums[movement["customer"]] += movement["amount_micro"]
    running = {customer: amount for customer, amount in sums.items() if amount}
    assert running == {customer: amount for (customer, _), amount in mrr_at(company, company.now).items()}
