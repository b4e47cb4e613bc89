"""What is true of an invented company: intended MRR at every instant, and its movements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from .company import Company
from .ledger import Ledger, Row

KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
Truth = dict[str, Any]
Step = tuple[int, int]


def truth(company: Company) -> Truth:
    """Return all rows of every customer who ever counted, ready for JSON."""
    return {"now": company.now, "account": company.account.id, "customers": dict(_told(company))}


def truth_text(company: Company) -> Iterator[bytes]:
    """Yield the same as JSON, a customer at a time."""
    head = msgspec.json.encode({"now": company.now, "account": company.account.id})
    yield head[:-1] + b',"customers":{'
    comma = b""
    for customer, rows in _told(company):
        yield comma + msgspec.json.encode(customer) + b":" + msgspec.json.encode(rows)
        comma = b","
    yield b"}}"


def _told(company: Company) -> Iterator[tuple[str, Truth]]:
    for life in company.lives:
        if life.ledger.rows:
            yield life.customer.id, customer_truth(life.ledger, company.account.currency)


def customer_truth(ledger: Ledger, currency: str) -> Truth:
    """Return one customer's rows: [from_at, to_at or None, mrr_micro, price, quantity] per item."""
    items = {
        item: [[r.from_at, r.to_at, r.mrr_micro, r.price, r.quantity] for r in rows]
        for item, rows in ledger.rows.items()
        if rows
    }
    positive = [row.from_at for rows in ledger.rows.values() for row in rows if row.mrr_micro > 0]
    return {
        "currency": next(iter(ledger.currencies.values()), currency),
        "item_currency": {item: ledger.currencies[item] for item in items},
        "items": items,
        "first_positive_at": min(positive, default=None),
        "event_only": [list(fact) for fact in ledger.event_only],
    }


def steps(ledger: Ledger) -> dict[str, list[Step]]:
    """Return, per currency, the instants at which a customer's MRR changes, and what it is from then on."""
    deltas: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for item, rows in ledger.rows.items():
        for row in rows:
            _add(deltas[ledger.currencies[item]], row)
    return {currency: _running(changes) for currency, changes in deltas.items()}


def _add(changes: dict[int, int], row: Row) -> None:
    changes[row.from_at] += row.mrr_micro
    if row.to_at is not None:
        changes[row.to_at] -= row.mrr_micro


def _running(changes: dict[int, int]) -> list[Step]:
    total, found = 0, []
    for at in sorted(changes):
        if changes[at]:
            total += changes[at]
            found.append((at, total))
    return found


def kind_of(before: int, after: int, ever: bool) -> str | None:
    """Return the kind of a movement, or None where nothing moved."""
    if before == after:
        return None
    if before == 0:
        return "reactivation" if ever else "new"
    if after == 0:
        return "churn"
    return "expansion" if after > before else "contraction"


class Movement(NamedTuple):
    """Hold what a customer's MRR in a currency moved by in a window."""

    window: str
    customer: str
    currency: str
    month: str
    kind: str
    amount_micro: int


def movements(company: Company, time_zone: str = "UTC", window: str = "day") -> list[dict[str, Any]]:
    """Return every customer's movements netted by local `day`, local `month`, or `event`."""
    found = sorted(_moved(company, ZoneInfo(time_zone), window), key=itemgetter(0, 1, 2))
    return [movement._asdict() for movement in found]


def _moved(company: Company, zone: ZoneInfo, window: str) -> Iterator[Movement]:
    for life in company.lives:
        for currency, changes in steps(life.ledger).items():
            yield from _netted(life.customer.id, currency, changes, zone, window)


def _netted(
    customer: str, currency: str, changes: Iterable[Step], zone: ZoneInfo, window: str
) -> Iterator[Movement]:
    windows: dict[str, list[Step]] = defaultdict(list)
    for at, total in changes:
        windows[_window(at, zone, window)].append((at, total))
    before, ever = 0, False
    for name, inside in windows.items():
        after = inside[-1][1]
        kind = kind_of(before, after, ever)
        if kind is not None:
            month = _window(inside[-1][0], zone, "month")
            yield Movement(name, customer, currency, month, kind, after - before)
        before, ever = after, ever or any(total > 0 for _, total in inside)


def _window(at: int, zone: ZoneInfo, window: str) -> str:
    local = datetime.fromtimestamp(at, zone)
    formats = {"day": "%Y-%m-%d", "month": "%Y-%m"}
    return local.strftime(formats[window]) if window in formats else f"{at:012d}"


def totals(
    company: Company, time_zone: str = "UTC", window: str = "day"
) -> dict[str, dict[str, dict[str, int]]]:
    """Return, per currency and local month, starting, the five kinds (magnitudes) and ending."""
    zone = ZoneInfo(time_zone)
    sums: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for movement in _moved(company, zone, window):
        month = sums[movement.currency].setdefault(movement.month, dict.fromkeys(KINDS, 0))
        month[movement.kind] += abs(movement.amount_micro)
    last = _window(company.now, zone, "month")
    return {currency: _filled(months, last) for currency, months in sums.items()}


def _filled(months: dict[str, dict[str, int]], last: str) -> dict[str, dict[str, int]]:
    found, running = {}, 0
    name = min(months)
    while name <= last:
        month = months.get(name, dict.fromkeys(KINDS, 0))
        up = month["new"] + month["expansion"] + month["reactivation"]
        ending = running + up - month["contraction"] - month["churn"]
        found[name] = {"starting": running, **month, "ending": ending}
        running = ending
        name = _following(name)
    return found


def _following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def mrr_at(company: Company, at: int) -> dict[tuple[str, str], int]:
    """Return the MRR of every (customer, currency) that has any, at an instant."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for life in company.lives:
        for item, rows in life.ledger.rows.items():
            for row in rows:
                if row.from_at <= at and (row.to_at is None or at < row.to_at):
                    found[life.customer.id, life.ledger.currencies[item]] += row.mrr_micro
    return {key: amount for key, amount in found.items() if amount}
