"""Read the typed columns of a mirrored object; one of a wrong type makes the object unusable."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing_sync.payload import JsonObject

LONGEST_ID = 255
LARGEST = 2**63 - 1
SEPARATOR = "\x1f"
Reader = Callable[[Any], Any]


class UnusableError(ValueError):
    """Raised with the reason why an object cannot be mirrored."""


@dataclass(frozen=True, slots=True)
class Column:
    """One typed column: its SQL type and how its value is read from the object."""

    name: str
    sql: str
    read: Callable[[JsonObject], Any]


def text(name: str, *places: str) -> Column:
    """Hold a word of Stripe's, empty where it is absent."""
    return _at(name, "text", places, _text, "")


def identity(name: str, *places: str) -> Column:
    """Hold the id of another object, whether it arrived as an id or expanded."""
    return _at(name, "text", places, _identity, "")


def integer(name: str, *places: str) -> Column:
    """Hold a whole number."""
    return _at(name, "bigint", places, _integer, None)


def instant(name: str, *places: str) -> Column:
    """Hold a time given in Unix seconds."""
    return _at(name, "timestamptz", places, _instant, None)


def flag(name: str, *places: str, default: bool = False) -> Column:
    """Hold true or false."""
    return _at(name, "boolean", places, _flag, default)


def customer_of_event() -> Column:
    """Hold the customer whom an event's object is, or belongs to."""
    customer = identity("customer_id", "data.object.customer")
    itself = identity("customer_id", "data.object.id")

    def read(value: JsonObject) -> Any:
        is_customer = at(value, "data.object.object") == "customer"
        return (itself if is_customer else customer).read(value)

    return Column("customer_id", "text", read)


def catalogue() -> Column:
    """Hold the ids of the prices, coupons and tax rates that an object names."""
    return Column("catalog_ids", "text[]", lambda value: SEPARATOR.join(sorted(set(_named(value)))))


def own_id(value: JsonObject) -> str:
    """Return the object's id."""
    found = value.get("id")
    if not isinstance(found, str) or not found:
        raise UnusableError("It has no id.")
    if len(found) > LONGEST_ID or "\x00" in found:
        raise UnusableError("Its id cannot be stored.")
    return found


def created_at(value: JsonObject) -> datetime | None:
    """Return when Stripe says the object was made."""
    found = value.get("created", value.get("date"))
    return None if found is None else _instant(found, "created")


def made_at(value: JsonObject) -> datetime | None:
    """Return when an object was made, None where it does not say so."""
    try:
        return created_at(value)
    except UnusableError:
        return None


def at(value: Any, place: str) -> Any:
    """Return what stands at a dotted place, None where the way ends early."""
    for name in place.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _at(
    name: str, sql: str, places: tuple[str, ...], convert: Callable[[Any, str], Any], absent: Any
) -> Column:
    ways = [(place, *_way(place)) for place in places or (name,)]

    def read(value: JsonObject) -> Any:
        for place, first, steps in ways:
            found = value.get(first)
            for step in steps:
                found = found.get(step) if found.__class__ is dict else None
            if found is not None:
                return convert(found, place)
        return absent

    return Column(name, sql, read)


def _way(place: str) -> tuple[str, list[str]]:
    first, *steps = place.split(".")
    return first, steps


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise UnusableError(f"{place} is not text.")
    return value.replace("\x00", "\ufffd")


def _identity(value: Any, place: str) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    if not isinstance(value, str) or len(value) > LONGEST_ID or "\x00" in value:
        raise UnusableError(f"{place} is not an id.")
    return value


def _integer(value: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnusableError(f"{place} is not a whole number.")
    if abs(value) > LARGEST:
        raise UnusableError(f"{place} is too large.")
    return value


def _instant(value: Any, place: str) -> datetime:
    try:
        return datetime.fromtimestamp(_integer(value, place), UTC)
    except (ValueError, OverflowError, OSError):
        raise UnusableError(f"{place} is not a time.") from None


def _flag(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise UnusableError(f"{place} is neither true nor false.")
    return value


def members(value: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects of a list, embedded as Stripe's list object or plain; ids in it are left out."""
    found = value.get(name)
    if isinstance(found, dict) and "data" in found:
        found = found["data"]
    if found is None:
        return []
    if not isinstance(found, list):
        raise UnusableError(f"{name} is not a list.")
    return [one for one in found if isinstance(one, dict)]


def _named(value: JsonObject) -> Iterator[str]:
    for item in members(value, "items"):
        for part in (item.get("price"), *members(item, "tax_rates")):
            yield from _id_of(part)
        yield from _coupons(item)
    for rate in members(value, "default_tax_rates"):
        yield from _id_of(rate)
    yield from _coupons(value)


def _coupons(value: JsonObject) -> Iterator[str]:
    for discount in (*members(value, "discounts"), value.get("discount")):
        if isinstance(discount, dict):
            yield from _id_of(at(discount, "source.coupon") or discount.get("coupon"))


def _id_of(value: Any) -> Iterator[str]:
    found = value.get("id") if isinstance(value, dict) else value
    if isinstance(found, str) and SEPARATOR not in found and "\x00" not in found:
        yield found
