"""Everything else that a company may sell: odd prices, coupons, tax rates."""

from decimal import Decimal
from typing import Any

from .book import Book
from .catalog import Catalog, add_price, put
from .records import Coupon, PromotionCode, TaxRate, Tier

TIERS = (
    Tier(5, Decimal(1_200)),
    Tier(20, Decimal(900), Decimal(500)),
    Tier(None, Decimal("650.25"), Decimal(1_000)),
)
PRICES: dict[str, dict[str, Any]] = {
    "Free": {"unit_amount": Decimal(0)},
    "Add-on": {"unit_amount": Decimal(1_500)},
    "Graduated": {"tiers": TIERS, "tiers_mode": "graduated"},
    "Volume": {"tiers": TIERS, "tiers_mode": "volume"},
    "Package": {"unit_amount": Decimal(3_000), "divide_by": 10},
    "Decimal": {"unit_amount": Decimal("12.345678901234")},
    "Weekly": {"unit_amount": Decimal(1_000), "interval": "week"},
    "Daily": {"unit_amount": Decimal(100), "interval": "day"},
    "Calls": {"unit_amount": Decimal("0.5"), "usage_type": "metered"},
    "Setup": {"unit_amount": Decimal(20_000), "interval": None},
    "Message": {"unit_amount": Decimal(2), "interval": None},
    "Euro": {"currency": "eur", "unit_amount": Decimal(2_900)},
    "Yen": {"currency": "jpy", "unit_amount": Decimal(3_300)},
    "Dinar": {"currency": "kwd", "unit_amount": Decimal(9_500)},
    "Gross": {"unit_amount": Decimal(1_190), "tax_behavior": "inclusive"},
    "Net": {"unit_amount": Decimal(1_000), "tax_behavior": "exclusive"},
    "Worldwide": {
        "unit_amount": Decimal(2_500),
        "currency_options": (("eur", Decimal(2_300)), ("jpy", Decimal(3_800))),
    },
}
COUPONS: dict[str, dict[str, Any]] = {
    "TWENTY": {"percent_off": Decimal(20)},
    "ODD": {"percent_off": Decimal("12.5")},
    "SPRING": {"percent_off": Decimal(50), "duration": "repeating", "duration_in_months": 3},
    "WELCOME": {"percent_off": Decimal(30), "duration": "once"},
    "GRATIS": {"percent_off": Decimal(100), "duration": "repeating", "duration_in_months": 2},
    "FIVER": {"amount_off": 500, "currency": "usd", "currency_options": (("eur", 450),)},
    "QUARTER": {
        "amount_off": 1_000,
        "currency": "usd",
        "duration": "repeating",
        "duration_in_months": 3,
    },
}
TAX_RATES = {"inclusive": True, "exclusive": False}


def stock_everything(book: Book, catalog: Catalog, currency: str) -> None:
    """Create the prices, coupons, promotion codes and tax rates beyond the plain plans."""
    for name, terms in PRICES.items():
        add_price(book, catalog, name, **{"currency": currency, **terms})
    add_on = catalog.products["Add-on"]
    for name, terms in {**COUPONS, "ADDON": {"percent_off": Decimal(40), "products": (add_on,)}}.items():
        coupon = Coupon(name, name.title(), catalog.created, **terms)
        catalog.coupons[name] = coupon
        put(book, "coupon", coupon, catalog.tag)
        code = PromotionCode(f"promo_1{catalog.tag}{name}", f"{name}26", name, catalog.created)
        put(book, "promotion_code", code, catalog.tag)
    for name, inclusive in TAX_RATES.items():
        rate = TaxRate(f"txr_1{catalog.tag}{name}", "VAT", Decimal(19), inclusive, "DE", catalog.created)
        catalog.tax_rates[name] = rate
        put(book, "tax_rate", rate, catalog.tag)
