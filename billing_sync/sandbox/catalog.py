"""What an invented company sells."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .book import Book
from .records import Coupon, Event, Price, Product, TaxRate

TERMS = (("monthly", "month", 1), ("quarterly", "month", 3), ("yearly", "year", 1))
PLANS = (("Starter", 1_900), ("Team", 4_900), ("Business", 9_900), ("Scale", 24_900))
FACTORS = {"monthly": Decimal(1), "quarterly": Decimal("2.85"), "yearly": Decimal(10)}


@dataclass(slots=True)
class Catalog:
    """Hold prices by term, cheapest first, and everything else by name."""

    tag: str
    created: int
    terms: dict[str, list[Price]] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    tax_rates: dict[str, TaxRate] = field(default_factory=dict)


def stock(book: Book, catalog: Catalog, currency: str) -> None:
    """Create the plain products and prices: each plan monthly, quarterly and yearly."""
    for name, amount in PLANS:
        product = add_product(book, catalog, name)
        for term, interval, count in TERMS:
            price = Price(
                f"price_1{catalog.tag}{product[-2:]}{term[0].upper()}",
                product,
                currency,
                catalog.created,
                unit_amount=(amount * FACTORS[term]).quantize(Decimal(1)),
                interval=interval,
                interval_count=count,
                nickname=f"{name} {term}",
            )
            put(book, "price", price, catalog.tag)
            catalog.terms.setdefault(term, []).append(price)
            catalog.prices[f"{name} {term}"] = price


def add_product(book: Book, catalog: Catalog, name: str) -> str:
    """Create a product, and return its id."""
    rank = len(catalog.products)
    product = Product(f"prod_1{catalog.tag}{rank:02d}", name, catalog.created)
    catalog.products[name] = product.id
    put(book, "product", product, catalog.tag)
    return product.id


def add_price(book: Book, catalog: Catalog, name: str, currency: str, **terms: Any) -> Price:
    """Create a product with one price, both of one name."""
    product = add_product(book, catalog, name)
    price = Price(
        f"price_1{catalog.tag}{product[-2:]}X", product, currency, catalog.created, nickname=name, **terms
    )
    catalog.prices[name] = price
    put(book, "price", price, catalog.tag)
    return price


def put(book: Book, kind: str, record: Any, tag: str) -> None:
    """Store a catalogue object and announce its creation."""
    book.put(kind, record)
    number = book.count("event")
    book.put("event", Event(f"evt_1{tag}{number:07d}", record.created, f"{kind}.created", kind, record))
