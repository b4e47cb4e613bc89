"""Take a payer out of the files of other tools: her id stands where her name or address stood."""

import csv
import io
from typing import Any

from django.db import connection as database

from accounts.privacy.erasing import ErasedPayer, eraser
from metrics.bridge.models import Upload
from metrics.bridge.uploads.columns import Columns, guessed, months_across
from metrics.bridge.uploads.tables import FileError, decoded, table

LONGEST_NAME = 255
# Where the file named her in two ways, both amounts are hers.
RENAME = """
WITH hers AS (
    DELETE FROM metrics_uploadedamount
    WHERE organization_id = %(organization)s AND lower(customer) = ANY(%(words)s)
    RETURNING upload_id, month, currency, amount_micro)
INSERT INTO metrics_uploadedamount AS present
    (organization_id, upload_id, month, currency, customer, amount_micro)
SELECT %(organization)s, upload_id, month, currency, %(customer)s, sum(amount_micro)
FROM hers GROUP BY upload_id, month, currency
ON CONFLICT (organization_id, upload_id, month, currency, customer)
DO UPDATE SET amount_micro = present.amount_micro + EXCLUDED.amount_micro
"""


@eraser("metrics_uploadedamount")
def rename(payer: ErasedPayer) -> int:
    """Call a payer by her id in what was read of uploaded files."""
    bound: dict[str, Any] = {
        "organization": payer.organization_id,
        "words": list(payer.words),
        "customer": payer.customer_id,
    }
    with database.cursor() as cursor:
        cursor.execute(RENAME, bound)
        return int(cursor.rowcount)


@eraser("metrics_upload")
def rewrite(payer: ErasedPayer) -> int:
    """Write uploaded files anew without a payer; a file that cannot be read is emptied if it names her."""
    changed = 0
    for upload in Upload.objects.filter(organization_id=payer.organization_id).iterator(1):
        before = (upload.name, upload.error, bytes(upload.content))
        content = _without(payer, upload)
        after = (
            payer.without(upload.name, payer.customer_id)[:LONGEST_NAME],
            payer.without(upload.error, payer.customer_id),
            before[2] if content is None else content,
        )
        if after != before:
            upload.name, upload.error, upload.content = after
            upload.save(update_fields=["name", "error", "content"])
            changed += 1
    return changed


def _without(payer: ErasedPayer, upload: Upload) -> bytes | None:
    """Return a file's bytes without a payer; None where it does not name her."""
    try:
        if not payer.named_in(decoded(bytes(upload.content))):
            return None
        found = table(bytes(upload.content))
    except FileError:
        return b"" if payer.named_in(bytes(upload.content).decode("latin-1")) else None
    columns = Columns.of(upload.columns) if upload.columns else guessed(found, "")
    own = {columns.month, columns.amount, columns.currency_column, *months_across(columns, found)}
    rows = []
    for _line, cells in found.rows:
        if _is_hers(payer, cells, columns.customer):
            kept = [cell if place in own else "" for place, cell in enumerate(cells)]
            kept[columns.customer : columns.customer + 1] = [payer.customer_id]
        else:
            kept = [payer.without(cell) for cell in cells]
        rows.append(kept)
    if rows == [cells for _line, cells in found.rows]:
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([found.header, *rows])
    return text.getvalue().encode()


def _is_hers(payer: ErasedPayer, cells: list[str], customer: int) -> bool:
    """Say whether a row is a payer's: it calls its customer by her name, or holds her id or address."""
    plain = [" ".join(cell.split()).lower() for cell in cells]
    own = {payer.customer_id.lower(), *(word for word in payer.words if "@" in word)}
    called = plain[customer] if customer < len(plain) else ""
    return called in payer.words or not own.isdisjoint(plain)
