"""Bytes of a CSV as a table of text, whatever its encoding and separator."""

import codecs
import csv
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SEPARATORS = (",", ";", "\t")
MOST_COLUMNS = 400
MOST_ROWS = 500_000
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileError(ValueError):
    """A file or a choice of columns that cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """The header, and each row with the line on which it ends."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def table(content: bytes) -> Table:
    """Return a file's table; FileError says why there is none."""
    text = decoded(content)
    # Old spreadsheets end lines with a carriage return alone.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator(lines), strict=True)
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if not any(stripped):
                continue
            if len(rows) == MOST_ROWS:
                raise _too_long()
            if header:
                rows.append((reader.line_num, stripped))
            else:
                header = stripped
    except csv.Error as error:
        words = {"line": reader.line_num, "error": error}
        raise FileError(
            _("Line %(line)d is not CSV: %(error)s. Correct it and upload again.") % words
        ) from None
    if not header or not rows:
        raise FileError(_("The file has no rows below a header. Export it again with column names on top."))
    if len(header) > MOST_COLUMNS:
        text = ngettext(
            "The file has %(count)d column; at most %(most)d can be read.",
            "The file has %(count)d columns; at most %(most)d can be read.",
            len(header),
        )
        raise FileError(text % {"count": len(header), "most": MOST_COLUMNS})
    return Table(header, rows)


def _too_long() -> FileError:
    text = ngettext(
        "The file has more than %(most)d row. Leave out older months.",
        "The file has more than %(most)d rows. Leave out older months.",
        MOST_ROWS,
    )
    return FileError(text % {"most": MOST_ROWS})


def decoded(content: bytes) -> str:
    """Return the text: by its byte order mark, else UTF-8, else UTF-16 by its zero bytes, else Latin-1."""
    try:
        text = content.decode(_encoding(content))
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\x00" in text:
        raise FileError(_("This is not a text file. Export the figures as CSV."))
    return text


def _encoding(content: bytes) -> str:
    for bom, name in BOMS:
        if content.startswith(bom):
            return name
    head = content[:200]
    if head.count(0) * 3 > len(head):
        return "utf-16-be" if head[:1] == b"\x00" else "utf-16-le"
    return "utf-8"


def separator(lines: list[str]) -> str:
    """Return what separates the columns: whatever gives the first lines the most columns alike."""
    sample = list(islice((line for line in lines if line.strip()), 20))
    return max(SEPARATORS, key=lambda one: _width(sample, one))


def _width(sample: list[str], delimiter: str) -> int:
    """Count the columns that every line has; none where the lines cannot be read at all."""
    try:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
    except csv.Error:
        return 0
    return min(widths, default=1) * 1_000 + (widths[0] if widths else 0)
