"""Every table that can be exported, by its name."""

from django.utils.translation import gettext as _

from dashboards.exports import analyses, figures, payers, payments, published, stripe_shapes
from dashboards.exports.parameters import ExportError
from dashboards.exports.tables import Table

GROUPS = (figures, payers, payments, analyses, published, stripe_shapes)
TABLES: dict[str, Table] = {table.name: table for group in GROUPS for table in group.TABLES}


def table_named(name: str) -> Table:
    """Return a table; ExportError says which there are."""
    if name not in TABLES:
        words = {"name": name[:64] if name.isprintable() else "?", "known": ", ".join(TABLES)}
        raise ExportError(_("There is no table %(name)s. There are: %(known)s.") % words, 404)
    return TABLES[name]
