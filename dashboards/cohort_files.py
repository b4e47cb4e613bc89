"""Cohorts as a file: a line for each cell."""

import csv
import io
from datetime import date

from dashboards.cohort_addresses import Cohorts
from metrics.cohorts.reading import all_of
from metrics.cohorts.table import lines
from metrics.periods import month_of
from metrics.queries import Shown

COLUMNS = (
    "by",
    "value",
    "cohort",
    "age",
    "currency",
    "mrr_micro",
    "gross_mrr_micro",
    "customers",
    "base_mrr_micro",
    "base_customers",
)


def csv_of(shown: Shown, wanted: Cohorts) -> str:
    """Return every cell of every cohort by its month and, where it is asked for, its plan or country."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    present = month_of(shown.today)
    found = lines(all_of(shown, wanted.currency, wanted.by), present, wanted.span, _apart)
    for (value, cohort), line in sorted(found.items()):
        for age, cell in enumerate(line.cells):
            told = (cell.net_micro, cell.gross_micro, cell.customers, cell.base_micro, cell.base_customers)
            rows.writerow((wanted.by, _plain(value), f"{cohort:%Y-%m}", age, wanted.currency, *told))
    return text.getvalue()


def _apart(value: str, cohort: date) -> tuple[str, date]:
    return value, cohort


def _plain(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
