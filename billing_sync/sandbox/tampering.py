"""What was done to an account behind the script's back: deletions, alterations, and their events."""

from typing import Any

from .errors import ApiError
from .objects.events import previous
from .objects.json import Json

# How Stripe calls the events of a kind where that is not the kind's own name.
STEMS = {"subscription": "customer.subscription", "dispute": "charge.dispute"}
ANNOUNCED = {
    "deleted": {"coupon", "customer", "invoice", "invoiceitem", "price", "product"},
    "updated": {
        "charge",
        "coupon",
        "credit_note",
        "customer",
        "dispute",
        "invoice",
        "payment_method",
        "price",
        "product",
        "promotion_code",
        "refund",
        "subscription",
        "subscription_schedule",
        "tax_rate",
    },
}


class Tampering:
    """Keep what is hidden, what is shown otherwise, and what events about it carry, by id."""

    def __init__(self) -> None:
        self.deleted: set[str] = set()
        self._altered: dict[str, Json] = {}
        self._told: dict[str, Json] = {}

    def alter(self, identity: str, changes: Json) -> None:
        """Lay changes over an object, on top of earlier ones."""
        self._altered[identity] = merged(self._altered.get(identity, {}), changes)

    def laid_over(self, identity: str, shown: Json) -> Json:
        """Return an object as it is shown."""
        found: Json = merged(shown, self._altered.get(identity, {}))
        return found

    def tell(self, event: str, before: Json, after: Json) -> None:
        """Note what an event carries."""
        changed = {"previous_attributes": previous(before, after)} if before != after else {}
        self._told[event] = {"object": after, **changed}

    def told(self, event: str, shown: Json) -> Json:
        """Return an event with what it carries."""
        return {**shown, "data": self._told[event]} if event in self._told else shown


def merged(shown: Any, changes: Any) -> Any:
    """Return a value with changes laid over; a list's elements are named by their number: {"0": …}."""
    if isinstance(shown, dict) and isinstance(changes, dict):
        return {**shown, **{key: merged(shown.get(key), value) for key, value in changes.items()}}
    if isinstance(shown, list) and isinstance(changes, dict):
        numbers = {str(number): number for number in range(len(shown))}
        found = list(shown)
        for key, value in changes.items():
            if key not in numbers:
                raise ApiError(400, f"There is no element {key} in a list of {len(shown)}.", param="changes")
            found[numbers[key]] = merged(found[numbers[key]], value)
        return found
    return changes


def event_type(kind: str, what: str) -> str:
    """Return the type of the event that announces a deletion or an update, if Stripe has one."""
    if kind not in ANNOUNCED[what]:
        raise ApiError(400, f"Stripe announces no {kind} as {what}; leave `event` out.", param="event")
    return f"{STEMS.get(kind, kind)}.{what}"
