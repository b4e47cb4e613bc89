"""What an invented company sells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .book import Book
from .records import Event, Price, Product

TERMS = (("monthly", "month", 1), ("quarterly", "month", 3), ("yearly", "year", 1))
PLANS = (("Starter", 1_900), ("Team", 4_900), ("Business", 9_900), ("Scale", 24_900))
FACTORS = {"monthly": Decimal(1), "quarterly": Decimal("2.85"), "yearly": Decimal(10)}


@dataclass(slots=True)
class Catalog:
    """Hold prices by term, cheapest first, and everything else by name."""

    terms: dict[str, list[Price]] = field(default_factory=dict)
    named: dict[str, Price] = field(default_factory=dict)


def stock(book: Book, tag: str, currency: str, created: int) -> Catalog:
    """Create the plain products and prices: each plan monthly, quarterly and yearly."""
    catalog = Catalog()
    for rank, (name, amount) in enumerate(PLANS):
        product = Product(f"prod_1{tag}{rank:02d}", name, created)
        put(book, "product", product, tag)
        for term, interval, count in TERMS:
            price = Price(
                f"price_1{tag}{rank:02d}{term[0].upper()}",
                product.id,
                currency,
                created,
                unit_amount=(amount * FACTORS[term]).quantize(Decimal(1)),
                interval=interval,
                interval_count=count,
                nickname=f"{name} {term}",
            )
            put(book, "price", price, tag)
            catalog.terms.setdefault(term, []).append(price)
            catalog.named[f"{name} {term}"] = price
    return catalog


def put(book: Book, kind: str, record: Product | Price, tag: str) -> None:
    """Store a catalogue object and announce its creation."""
    book.put(kind, record)
    number = book.count("event")
    book.put("event", Event(f"evt_1{tag}{number:07d}", record.created, f"{kind}.created", kind, record))


def others(prices: Sequence[Price], price: Price) -> list[Price]:
    """Return the other prices of the same term."""
    return [other for other in prices if other.id != price.id]
