"""One exportable table: its columns, who may have it, what narrows it, and where its rows come from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from dashboards.api.tokens import METRICS
from dashboards.exports.columns import Column
from dashboards.exports.parameters import Scope
from metrics.extracts.cursors import Extract, Row

Rows = Extract | Iterable[Row]


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its name in addresses; `rows` reads it in the tenant in progress.

    Rows of a statement hold still while they are read; others are read as they come, in one transaction.
    `resumes` says that they come from the build alone, so that the same one gives the same rows again.
    `needs` are parameters that take a default where they are left out; `scope` is what a token must have.
    """

    name: str
    label: "str | Promise"
    meaning: "str | Promise"
    columns: Callable[[Scope], tuple[Column, ...]]
    rows: Callable[[Scope], Rows]
    parameters: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    scope: str = METRICS
    large: Callable[[Scope, int], bool] = lambda scope, most: False
    personal: bool = False
    resumes: bool = True


def fixed(*columns: Column | tuple[Column, ...]) -> Callable[[Scope], tuple[Column, ...]]:
    """Return columns that no parameter changes."""
    flat: list[Column] = []
    for one in columns:
        flat.extend((one,) if isinstance(one, Column) else one)
    return lambda scope: tuple(flat)
