"""The truth about one customer, written down by the script as it acts."""

import msgspec


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Hold one item's intended MRR over [from_at, to_at)."""

    from_at: int
    to_at: int | None
    mrr_micro: int
    price: str
    quantity: int


def _worth(row: Row) -> tuple[int, str, int]:
    return row.mrr_micro, row.price, row.quantity


class Ledger(msgspec.Struct, array_like=True):
    """Keep the rows of each of a customer's items, and their currencies."""

    rows: dict[str, list[Row]] = {}
    currencies: dict[str, str] = {}
    event_only: list[tuple[str, int, str]] = []

    def only_events_tell(self, name: str, at: int, what: str) -> None:
        """Note that no invoice dates a change of an item or of all a subscription's items."""
        self.event_only.append((name, at, what))

    def set(self, item: str, at: int, mrr_micro: int, price: str, quantity: int, currency: str) -> None:
        """Say what an item is worth from an instant on."""
        rows = self.rows.setdefault(item, [])
        self.currencies[item] = currency
        if rows and rows[-1].to_at is None:
            if _worth(rows[-1]) == (mrr_micro, price, quantity):
                return
            self.clear(item, at)
        if rows and rows[-1].to_at == at and _worth(rows[-1]) == (mrr_micro, price, quantity):
            at = rows.pop().from_at
        rows.append(Row(at, None, mrr_micro, price, quantity))

    def clear(self, item: str, at: int) -> None:
        """Say that an item is worth nothing from an instant on, whatever was said before."""
        rows = self.rows.get(item, [])
        while rows and rows[-1].from_at >= at:
            rows.pop()
        if rows and (rows[-1].to_at is None or rows[-1].to_at > at):
            last = rows.pop()
            rows.append(Row(last.from_at, at, last.mrr_micro, last.price, last.quantity))
