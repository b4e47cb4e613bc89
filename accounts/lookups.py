"""Rows that every request reads, by statements composed once: composing one takes longer than its answer."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from accounts.reading import Asked, read

Found = TypeVar("Found", bound=Model)


class Lookup(Generic[Found]):
    """One row by values that take the place of a queryset's, in the order of its statement."""

    def __init__(self, rows: Callable[[], QuerySet[Found]], joined: str = "") -> None:
        self.rows, self.joined = rows, joined

    @cached_property
    def _model(self) -> type[Found]:
        return self.rows().model

    @cached_property
    def _statement(self) -> str:
        statement: str = self.rows().query.sql_with_params()[0]
        return statement

    def asked(self, *values: Any) -> Asked:
        """Return what is asked for these values, for whoever reads it ahead."""
        return Asked(self._statement, values)

    def find(self, *values: Any) -> Found | None:
        """Return the row, with the one that it is joined to, or None."""
        rows = read(*self.asked(*values))
        if not rows:
            return None
        found = _instance(self._model, rows[0])
        if self.joined:
            other: Any = self._model._meta.get_field(self.joined).related_model
            setattr(found, self.joined, _instance(other, rows[0][-len(other._meta.concrete_fields) :]))
        return found

    def all(self, *values: Any) -> list[Found]:
        """Return every row, in the queryset's order."""
        return [_instance(self._model, row) for row in read(*self.asked(*values))]


def _instance(model: type[Found], row: tuple[Any, ...]) -> Found:
    """Return the model of a row that begins with its columns."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, row[: len(names)])
