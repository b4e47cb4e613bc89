"""Names for invented customers."""

from .life import Life
from .records import Customer, PaymentMethod

FIRST = ("Ada", "Bruno", "Chiara", "Deniz", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Lea")
LAST = ("Abe", "Bauer", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito", "Jensen", "Kaya")
TRADES = (
    "Bakery",
    "Logistics",
    "Studio",
    "Robotics",
    "Clinics",
    "Energy",
    "Books",
    "Foods",
    "Cycles",
    "Labs",
)
COUNTRIES = ("US", "DE", "FR", "GB", "JP", "NZ", "IN", "ES")


def arrive(life: Life) -> None:
    """Create a customer with a card, as of now."""
    rng = life.rng
    first, last = rng.choice(FIRST), rng.choice(LAST)
    country = rng.choice(COUNTRIES)
    name, card = life.new_id("cus"), life.new_id("pm")
    life.book.put(
        "payment_method",
        PaymentMethod(
            card,
            name,
            life.now,
            rng.choice(("visa", "mastercard", "amex")),
            f"{rng.randint(0, 9_999):04d}",
            rng.randint(1, 12),
            2028 + rng.randint(0, 6),
            country,
        ),
    )
    life.customer = Customer(
        name,
        life.now,
        f"{last} {rng.choice(TRADES)}",
        f"{first.lower()}.{last.lower()}.{life.number}@example.com",
        country,
        card,
        life.tag[:8],
    )
    life.save("customer", life.customer, "customer.created")
