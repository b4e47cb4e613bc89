"""What holds from when on, whatever it is about: dated marks, and spans that may overlap."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

FOREVER = 1 << 62


class Mark(NamedTuple):
    """From an instant on a field of an item's configuration, or (item None) of all, holds a value."""

    at: int
    item: str | None
    field: str
    value: Any
    exact: bool = True


class Span(NamedTuple):
    """A value over `[start, end)`, and whether its bounds are dated exactly."""

    start: int
    end: int = FOREVER
    value: Any = True
    start_exact: bool = True
    end_exact: bool = True


def overlaid(
    spans: Iterable[Span], item: str | None, field: str, together: Callable[[list[Any]], Any] = min
) -> Iterator[Mark]:
    """Yield what spans come to together at each of their bounds; where there is none, None."""
    some = [span for span in spans if span.start < span.end]
    exact: dict[int, bool] = {}
    for span in some:
        exact[span.start] = exact.get(span.start, True) and span.start_exact
        exact[span.end] = exact.get(span.end, True) and span.end_exact
    for at in exact:
        holding = [span.value for span in some if span.start <= at < span.end]
        yield Mark(at, item, field, together(holding) if holding else None, exact[at])
