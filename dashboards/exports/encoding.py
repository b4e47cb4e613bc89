"""Rows as bytes of a file: CSV by RFC 4180 in which no text is a formula, or a JSON array of objects."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from io import StringIO
from typing import Any, Protocol

from dashboards.exports.columns import Layout
from metrics.extracts.cursors import Row
from metrics.management.output import json_line, neutral


class Encoding(Protocol):
    """One format: what begins a file, what some rows are, and what ends it."""

    content_type: str

    def head(self, layout: Layout) -> bytes:
        """Return what a file begins with."""
        ...

    def body(self, layout: Layout, rows: Sequence[Row], before: int) -> bytes:
        """Return rows that follow so many others."""
        ...

    def tail(self, rows: int) -> bytes:
        """Return what ends a file of so many rows."""
        ...


class Csv:
    content_type = "text/csv; charset=utf-8"

    def head(self, layout: Layout) -> bytes:
        return _lines([layout.names])

    def body(self, layout: Layout, rows: Sequence[Row], before: int) -> bytes:
        return _lines([_text(cell) for cell in layout.cells(row)] for row in rows)

    def tail(self, rows: int) -> bytes:
        return b""


class Json:
    content_type = "application/json"

    def head(self, layout: Layout) -> bytes:
        return b"["

    def body(self, layout: Layout, rows: Sequence[Row], before: int) -> bytes:
        if not rows:
            return b""
        names = layout.names
        told = (json_line(dict(zip(names, layout.cells(row), strict=True))) for row in rows)
        return ((",\n" if before else "\n") + ",\n".join(told)).encode()

    def tail(self, rows: int) -> bytes:
        return b"\n]\n" if rows else b"]\n"


ENCODINGS: dict[str, Encoding] = {"csv": Csv(), "json": Json()}


def _lines(rows: Any) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _text(cell: Any) -> Any:
    """Return a cell as CSV has it; numbers are no text, and stay as they are whatever their sign."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return neutral(" ".join(cell) if isinstance(cell, list) else cell)
