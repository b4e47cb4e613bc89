"""Money as integers: minor units as Stripe counts them, and micro units, millionths of those."""

from decimal import ROUND_HALF_EVEN, Decimal

MICRO = 1_000_000
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def decimals(currency: str) -> int:
    """Return how many decimals Stripe's integer amounts of a currency carry; ISK and UGX carry two."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def major(amount_micro: int, currency: str) -> Decimal:
    """Return micro units as major units with the currency's decimals, for display alone."""
    places = decimals(currency)
    exact = Decimal(amount_micro).scaleb(-6 - places)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
