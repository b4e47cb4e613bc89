"""Places in lists that run backward in time, as addresses tell them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from dashboards.addresses import SEPARATOR
from dashboards.selection import AddressError

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """After what a page begins: an instant and the id of what lies there."""

    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{(self.at - BEGIN) // MICROSECOND}{SEPARATOR}{self.id}"


def place_of(text: str) -> Place | None:
    """Read a place; AddressError says what to do with one that is none."""
    if not text:
        return None
    try:
        number, identity = text.split(SEPARATOR, 1) if text.isprintable() else ("", "")
        if len(number) > 20 or not number.isascii():
            raise ValueError
        return Place(BEGIN + timedelta(microseconds=int(number)), identity)
    except (ValueError, OverflowError):
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
