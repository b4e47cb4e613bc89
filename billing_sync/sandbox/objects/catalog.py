"""Products, prices, plans, coupons, promotion codes and tax rates."""

from decimal import Decimal

from billing_sync.sandbox.records import Coupon, Discount, Price, Product, PromotionCode, TaxRate, Tier

from .json import Json, decimal, number


def product(record: Product, live: bool) -> Json:
    """Return a product."""
    return {
        "id": record.id,
        "object": "product",
        "active": record.active,
        "created": record.created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": live,
        "marketing_features": [],
        "metadata": {},
        "name": record.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": "service",
        "unit_label": None,
        "updated": record.created,
        "url": None,
    }


def _whole(amount: Decimal | None) -> int | None:
    return int(amount) if amount is not None and amount == int(amount) else None


def price(record: Price, live: bool) -> Json:
    """Return a price without what must be asked for (`tiers`, `currency_options`)."""
    tiered = bool(record.tiers)
    return {
        "id": record.id,
        "object": "price",
        "active": record.active,
        "billing_scheme": "tiered" if tiered else "per_unit",
        "created": record.created,
        "currency": record.currency,
        "custom_unit_amount": None,
        "livemode": live,
        "lookup_key": None,
        "metadata": {},
        "nickname": record.nickname,
        "product": record.product,
        "recurring": _recurring(record),
        "tax_behavior": record.tax_behavior,
        "tiers_mode": record.tiers_mode,
        "transform_quantity": _transform(record),
        "type": "recurring" if record.interval else "one_time",
        "unit_amount": None if tiered else _whole(record.unit_amount),
        "unit_amount_decimal": None if tiered else decimal(record.unit_amount),
    }


def _recurring(record: Price) -> Json | None:
    if record.interval is None:
        return None
    return {
        "interval": record.interval,
        "interval_count": record.interval_count,
        "meter": "mtr_1SandboxCalls" if record.usage_type == "metered" else None,
        "trial_period_days": None,
        "usage_type": record.usage_type,
    }


def _transform(record: Price) -> Json | None:
    if record.divide_by is None:
        return None
    return {"divide_by": record.divide_by, "round": record.round}


def price_extra(record: Price, name: str) -> object:
    """Return a price's `tiers` or `currency_options`, which arrive only when asked for."""
    if name == "tiers":
        return [_tier(tier) for tier in record.tiers] if record.tiers else None
    options = {record.currency: record.unit_amount, **dict(record.currency_options)}
    return {
        currency: {
            "custom_unit_amount": None,
            "tax_behavior": record.tax_behavior,
            "unit_amount": _whole(amount),
            "unit_amount_decimal": decimal(amount),
        }
        for currency, amount in options.items()
    }


def _tier(record: Tier) -> Json:
    return {
        "flat_amount": _whole(record.flat_amount),
        "flat_amount_decimal": decimal(record.flat_amount),
        "unit_amount": _whole(record.unit_amount),
        "unit_amount_decimal": decimal(record.unit_amount),
        "up_to": record.up_to,
    }


def plan(record: Price, live: bool) -> Json:
    """Return the older shape of a recurring price."""
    shape = price(record, live)
    return {
        "id": record.id,
        "object": "plan",
        "active": record.active,
        "amount": shape["unit_amount"],
        "amount_decimal": shape["unit_amount_decimal"],
        "billing_scheme": shape["billing_scheme"],
        "created": record.created,
        "currency": record.currency,
        "interval": record.interval,
        "interval_count": record.interval_count,
        "livemode": live,
        "metadata": {},
        "meter": shape["recurring"]["meter"],
        "nickname": record.nickname,
        "product": record.product,
        "tiers_mode": record.tiers_mode,
        "transform_usage": _transform(record),
        "trial_period_days": None,
        "usage_type": record.usage_type,
    }


def coupon(record: Coupon, live: bool) -> Json:
    """Return a coupon without what must be asked for (`applies_to`, `currency_options`)."""
    return {
        "id": record.id,
        "object": "coupon",
        "amount_off": record.amount_off,
        "created": record.created,
        "currency": record.currency,
        "duration": record.duration,
        "duration_in_months": record.duration_in_months,
        "livemode": live,
        "max_redemptions": None,
        "metadata": {},
        "name": record.name,
        "percent_off": None if record.percent_off is None else number(record.percent_off),
        "redeem_by": None,
        "times_redeemed": record.times_redeemed,
        "valid": record.valid,
    }


def coupon_extra(record: Coupon, name: str) -> object:
    """Return a coupon's `applies_to` or `currency_options`, which arrive only when asked for."""
    if name == "applies_to":
        return {"products": list(record.products)} if record.products else None
    return {currency: {"amount_off": amount} for currency, amount in record.currency_options}


def promotion_code(record: PromotionCode, live: bool) -> Json:
    """Return a promotion code."""
    return {
        "id": record.id,
        "object": "promotion_code",
        "active": record.active,
        "code": record.code,
        "created": record.created,
        "customer": None,
        "customer_account": None,
        "expires_at": None,
        "livemode": live,
        "max_redemptions": None,
        "metadata": {},
        "promotion": {"coupon": record.coupon, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def discount(record: Discount, live: bool) -> Json:
    """Return a discount; its coupon is an id until expanded, and it carries no livemode."""
    return {
        "id": record.id,
        "object": "discount",
        "checkout_session": None,
        "customer": record.customer,
        "customer_account": None,
        "end": record.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": record.promotion_code,
        "source": {"coupon": record.coupon.id, "type": "coupon"},
        "start": record.start,
        "subscription": record.subscription,
        "subscription_item": record.item,
    }


def tax_rate(record: TaxRate, live: bool) -> Json:
    """Return a tax rate."""
    return {
        "id": record.id,
        "object": "tax_rate",
        "active": True,
        "country": record.country,
        "created": record.created,
        "description": None,
        "display_name": record.display_name,
        "effective_percentage": number(record.percentage),
        "flat_amount": None,
        "inclusive": record.inclusive,
        "jurisdiction": record.country,
        "jurisdiction_level": "country",
        "livemode": live,
        "metadata": {},
        "percentage": number(record.percentage),
        "rate_type": "percentage",
        "state": None,
        "tax_type": "vat",
    }
