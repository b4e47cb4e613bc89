"""Files as answers: written whole before any of them is sent, since nothing queries while it sends."""

import csv
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any

from django.http import FileResponse

from metrics.management.output import json_line, json_text, neutral


def csv_file(columns: Iterable[str], rows: Iterable[Mapping[str, Any]], name: str) -> FileResponse:
    """Answer rows as CSV, in which no text is a formula."""
    heading, file = list(columns), TemporaryFile()  # noqa: SIM115 - the answer closes it
    text = TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([neutral(row[each]) for each in heading] for row in rows)
    text.detach()
    return _sent(file, name, "text/csv; charset=utf-8")


def json_file(told: Mapping[str, Any], many: str, rows: Iterable[Any], name: str) -> FileResponse:
    """Answer an object as JSON, whose last member `many` is a list of any length, a row a line."""
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    file.write(json_text(told).rstrip().removesuffix("}").rstrip().encode())
    file.write(f',\n  "{many}": ['.encode())
    between = "\n    "
    for row in rows:
        file.write(f"{between}{json_line(row)}".encode())
        between = ",\n    "
    file.write(b"\n  ]\n}\n")
    return _sent(file, name, "application/json")


def _sent(file: IO[bytes], name: str, kind: str) -> FileResponse:
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
