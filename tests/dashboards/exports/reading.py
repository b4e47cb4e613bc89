"""Read files back, as programs and spreadsheets do."""

import csv
import io
import json
from typing import Any

from metrics.management.output import FORMULAS


def original(cell: str) -> str:
    """Take away the apostrophe that keeps a text from being a formula."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULAS) else cell


def of_csv(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV file, each as long as the header."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    assert all(len(row) == len(header) for row in rows)
    return header, rows


def as_text(value: Any) -> str:
    """Return a value of JSON as CSV writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else str(value)


def same_rows(told_csv: bytes, told_json: bytes) -> list[dict[str, Any]]:
    """Fail unless both formats hold the same rows; return them."""
    header, rows = of_csv(told_csv)
    objects: list[dict[str, Any]] = json.loads(told_json, parse_float=str)
    assert all(list(one) == header for one in objects)
    assert [[original(cell) for cell in row] for row in rows] == [
        [as_text(value) for value in one.values()] for one in objects
    ]
    return objects
