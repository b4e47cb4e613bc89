"""Lists in pages that go on after the last row's key: each row comes once, whatever is added meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.lookups import GreaterThan

from dashboards.api import cursors
from dashboards.api.cursors import Part
from dashboards.api.entering import ApiRequest
from dashboards.api.parameters import Listed, ListedLarge
from dashboards.api.reading import meta

Line = Mapping[str, Any]
# The columns that order a list, and how a cursor's parts are read.
Key = Mapping[str, Part]


def listed(
    request: ApiRequest,
    rows: "QuerySet[Any, Any]",
    key: Key,
    wanted: Listed | ListedLarge,
    line: Callable[[Any], Line],
) -> dict[str, Any]:
    """Return one page of rows in the order of their key, each as a line."""
    if wanted.cursor:
        rows = rows.filter(_after(key, cursors.read(wanted.cursor, [*key.values()])))
    found = list(rows.order_by(*key)[: wanted.limit + 1])
    last = found[: wanted.limit][-1:]
    place = [_value(row, name) for row in last for name in key]
    following = place if len(found) > wanted.limit else None
    return _page(request, [line(row) for row in found[: wanted.limit]], following)


def listed_here(
    request: ApiRequest, rows: Sequence[Any], key: Key, wanted: Listed, line: Callable[[Any], Line]
) -> dict[str, Any]:
    """Return one page of rows that are in memory."""
    after = cursors.read(wanted.cursor, [*key.values()]) if wanted.cursor else None
    placed = sorted(((tuple(getattr(row, name) for name in key), row) for row in rows), key=_place)
    rest = [one for one in placed if after is None or one[0] > after]
    page = rest[: wanted.limit]
    following = page[-1][0] if len(rest) > wanted.limit else None
    return _page(request, [line(row) for _, row in page], following)


def _place(placed: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    return placed[0]


def _page(request: ApiRequest, lines: Sequence[Line], after: Sequence[object] | None) -> dict[str, Any]:
    return {
        "data": lines,
        "next": _address(request, cursors.write(after)) if after else None,
        "meta": meta(request.shown),
    }


def _address(request: ApiRequest, cursor: str) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "cursor"}
    return f"{settings.BASE_URL.rstrip('/')}{request.path}?{urlencode({**kept, 'cursor': cursor})}"


def _after(key: Key, values: Sequence[Any]) -> GreaterThan:
    """Compare whole rows, as an index in this order does."""
    columns = Func(*(F(name) for name in key), function="ROW", output_field=BooleanField())
    place = Func(*(Value(value) for value in values), function="ROW", output_field=BooleanField())
    return GreaterThan(columns, place)


def _value(row: Any, name: str) -> object:
    return getattr(row, name) if isinstance(row, Model) else row[name]
