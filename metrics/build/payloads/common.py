"""What payloads share: references that may be expanded, embedded lists, events around an object."""

from typing import Generic, TypeVar

from msgspec import Struct, field

Any_ = TypeVar("Any_")


class Named(Struct, gc=False):
    """An object expanded where only its id matters."""

    id: str = ""


Reference = str | Named | None


class Page(Struct, Generic[Any_]):
    """An embedded list."""

    data: list[Any_] = field(default_factory=list)
    has_more: bool = False


class EventData(Struct, Generic[Any_]):
    object: Any_


class Event(Struct, Generic[Any_]):
    """An event and the whole object that it shows."""

    id: str
    data: EventData[Any_]
    created: int | None = None
    type: str = ""
