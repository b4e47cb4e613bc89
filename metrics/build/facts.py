"""From Stripe's payloads to the core's facts, one object at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from metrics.build import payloads
from metrics.core import facts


@dataclass(slots=True)
class Shelf:
    """A connection's prices and coupons by id; what payloads embed joins what was mirrored."""

    prices: dict[str, facts.Price] = field(default_factory=dict)
    coupons: dict[str, facts.Coupon] = field(default_factory=dict)
    named_prices: set[str] = field(default_factory=set)
    named_coupons: set[str] = field(default_factory=set)
    _sought: set[str] = field(default_factory=set)

    def unread(self) -> tuple[list[str], list[str]]:
        """Return the prices and coupons that were named and have not been looked for in the mirror."""
        prices, coupons = self.named_prices - self._sought, self.named_coupons - self._sought
        self._sought |= prices | coupons
        self.named_prices.clear()
        self.named_coupons.clear()
        return sorted(prices), sorted(coupons)

    def seek(self, name: str) -> None:
        """Remember that the mirror told of a price or coupon."""
        self._sought.add(name)

    def catalogue(self) -> facts.Catalogue:
        """Return the catalogue, which grows with the shelf."""
        return facts.Catalogue(prices=self.prices, coupons=self.coupons)

    def price_id(self, price: payloads.Price | payloads.Reference) -> str | None:
        """Return the id of a price named or embedded."""
        if isinstance(price, payloads.Price) and price.id not in self.prices:
            self.prices[price.id] = price_fact(price)
        name = reference(price)
        if name:
            self.named_prices.add(name)
        return name

    def coupon_id(self, coupon: payloads.Coupon | str | None) -> str:
        """Return the id of a coupon named or embedded."""
        if isinstance(coupon, payloads.Coupon) and coupon.id not in self.coupons:
            self.coupons[coupon.id] = coupon_fact(coupon)
        name = reference(coupon) or ""
        if name:
            self.named_coupons.add(name)
        return name


@dataclass(slots=True)
class Found:
    """The discounts of one payer, by id, from wherever they were seen."""

    shelf: Shelf
    discounts: dict[str, facts.Discount] = field(default_factory=dict)

    def add(self, discount: payloads.Discount, removed_at: int | None = None) -> None:
        """Remember a recurring discount; the earliest end that was ever seen holds."""
        if not discount.id or discount.invoice or discount.invoice_item:
            return
        known = self.discounts.get(discount.id)
        ends = [end for end in (discount.end, removed_at, known.end if known else None) if end is not None]
        source = discount.source.coupon if discount.source else discount.coupon
        self.discounts[discount.id] = facts.Discount(
            id=discount.id,
            coupon=self.shelf.coupon_id(source) or (known.coupon if known else ""),
            start=discount.start or (known.start if known else 0),
            end=min(ends, default=None),
            subscription=discount.subscription,
            subscription_item=discount.subscription_item,
        )

    def ids(self, discounts: payloads.DiscountList) -> tuple[str, ...]:
        """Return the ids of a list of discounts, remembering those that are whole."""
        kept = []
        for discount in discounts or ():
            if isinstance(discount, payloads.Discount):
                self.add(discount)
            name = reference(discount)
            if name:
                kept.append(name)
        return tuple(kept)


def reference(value: object) -> str | None:
    """Return the id of an object that may be expanded."""
    if value is None or isinstance(value, str):
        return value or None
    return getattr(value, "id", None) or None


def exact(decimal: Decimal | None, whole: int | None) -> facts.Exact | None:
    """Return the decimal amount where Stripe gave one, else the whole one; whole numbers are integers."""
    if decimal is None or decimal == whole:
        return whole
    fraction = Fraction(decimal)
    return fraction.numerator if fraction.denominator == 1 else fraction


def price_fact(price: payloads.Price) -> facts.Price:
    """Return a price with its own currency and every currency option."""
    own = payloads.Amount(price.unit_amount, price.unit_amount_decimal, price.tiers)
    amounts = {**(price.currency_options or {}), price.currency: own}
    transform, recurring = price.transform_quantity, price.recurring
    return facts.Price(
        id=price.id,
        product=reference(price.product) or "",
        amounts={currency: tier_facts(amount) for currency, amount in amounts.items()},
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else 1,
        metered=recurring is not None and recurring.usage_type == "metered",
        tiers_mode=price.tiers_mode,
        divide_by=transform.divide_by if transform else None,
        round=transform.round if transform else "up",
        tax_inclusive=price.tax_behavior == "inclusive",
    )


def tier_facts(amount: payloads.Amount) -> tuple[facts.Tier, ...]:
    """Return the tiers of an amount; one per unit is a single open tier, an unknown one has none."""
    if amount.tiers:
        return tuple(
            facts.Tier(
                tier.up_to,
                exact(tier.unit_amount_decimal, tier.unit_amount) or 0,
                exact(tier.flat_amount_decimal, tier.flat_amount) or 0,
            )
            for tier in amount.tiers
        )
    unit = exact(amount.unit_amount_decimal, amount.unit_amount)
    return () if unit is None else (facts.Tier(None, unit),)


def coupon_fact(coupon: payloads.Coupon) -> facts.Coupon:
    """Return a coupon with its amounts in every currency."""
    options = {name: option.amount_off for name, option in (coupon.currency_options or {}).items()}
    if coupon.currency:
        options[coupon.currency] = coupon.amount_off
    amounts = {name: amount for name, amount in options.items() if amount is not None}
    return facts.Coupon(
        id=coupon.id,
        duration=coupon.duration or "",
        percent_off=None if coupon.percent_off is None else Fraction(coupon.percent_off),
        amounts_off=amounts or None,
        duration_in_months=coupon.duration_in_months,
        products=frozenset((coupon.applies_to and coupon.applies_to.products) or ()),
    )


def inclusive_percent(*levels: payloads.TaxRates) -> Fraction | None:
    """Return the sum of the inclusive rates of the first level that has rates, None without any."""
    rates: Iterable[object] = next((level for level in levels if level), ())
    percents = [
        Fraction(rate.percentage or 0 if rate.effective_percentage is None else rate.effective_percentage)
        for rate in rates
        if isinstance(rate, payloads.TaxRate) and rate.inclusive
    ]
    return sum(percents, Fraction(0)) if percents else None


def item_fact(item: payloads.Item, subscription: payloads.Subscription, found: Found) -> facts.ItemState:
    trial = item.current_trial
    return facts.ItemState(
        id=item.id,
        price=found.shelf.price_id(item.price) or "",
        quantity=item.quantity,
        created=item.created,
        current_period_start=item.current_period_start,
        current_period_end=item.current_period_end,
        discounts=found.ids(item.discounts),
        inclusive_tax_percent=inclusive_percent(item.tax_rates, subscription.default_tax_rates),
        trial_start=trial.start_date if trial else None,
        trial_end=trial.end_date if trial else None,
    )


def state_fact(
    subscription: payloads.Subscription, at: int, found: Found, event: str | None = None
) -> facts.SubscriptionState:
    """Return a whole subscription as it stood at an instant."""
    details = subscription.cancellation_details or payloads.Cancellation()
    items = subscription.items.data if subscription.items else []
    return facts.SubscriptionState(
        at=at,
        status=subscription.status,
        currency=subscription.currency,
        start_date=subscription.start_date or subscription.created or at,
        items=tuple(item_fact(item, subscription, found) for item in items),
        event=event,
        created=subscription.created,
        collection_method=subscription.collection_method or "charge_automatically",
        trial_start=subscription.trial_start,
        trial_end=subscription.trial_end,
        canceled_at=subscription.canceled_at,
        ended_at=subscription.ended_at,
        pause_collection=subscription.pause_collection is not None,
        discounts=found.ids(subscription.discounts),
        cancellation=":".join(["cancellation", *filter(None, (details.reason, details.feedback))]),
    )


def schedule_fact(schedule: payloads.Schedule, shelf: Shelf) -> facts.Subscription | None:
    """Return a schedule that has not started as a subscription that is signed, not started."""
    first = next(iter(schedule.phases or ()), None)
    if schedule.status != "not_started" or first is None or first.start_date is None:
        return None
    items = [
        facts.ItemState(
            id=f"{schedule.id}:{place}", price=reference(item.price) or "", quantity=item.quantity
        )
        for place, item in enumerate(first.items or ())
    ]
    own = next((shelf.prices[item.price] for item in items if item.price in shelf.prices), None)
    signed_at = schedule.created or first.start_date
    present = facts.SubscriptionState(
        at=signed_at,
        status="not_started",
        currency=first.currency or next(iter(own.amounts) if own else iter(()), ""),
        start_date=signed_at,
        items=tuple(items),
        created=schedule.created,
        collection_method=first.collection_method or "charge_automatically",
        ended_at=first.start_date,
    )
    return facts.Subscription(id=schedule.id, present=present)


def phase_facts(schedule: payloads.Schedule) -> tuple[facts.Phase, ...]:
    """Return the phases that a schedule set on its subscription."""
    return tuple(
        facts.Phase(
            phase.start_date,
            tuple((reference(item.price) or "", item.quantity or 1) for item in phase.items or ()),
        )
        for phase in schedule.phases or ()
        if phase.start_date is not None
    )


def refund_fact(refund: payloads.Refund) -> facts.Refund:
    return facts.Refund(
        id=refund.id,
        amount=refund.amount,
        status=refund.status,
        payments=tuple(filter(None, (reference(refund.payment_intent), reference(refund.charge)))),
    )


def credit_note_fact(note: payloads.CreditNote) -> facts.CreditNote:
    named = [(reference(one.refund), one.amount_refunded or 0) for one in note.refunds or ()]
    return facts.CreditNote(
        invoice=reference(note.invoice) or "",
        refunds=tuple((name, amount) for name, amount in named if name),
        out_of_band_amount=note.out_of_band_amount or 0,
        status=note.status or "issued",
    )
