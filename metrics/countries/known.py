"""The countries in which an organization has customers."""

from uuid import UUID

from metrics.evidence.pages import fetched

# One look into the index for each country, however many customers it has.
KNOWN = """
WITH RECURSIVE known AS (
    (SELECT country FROM metrics_customercountry WHERE organization_id = %(organization)s
     ORDER BY country LIMIT 1)
    UNION ALL
    SELECT (SELECT home.country FROM metrics_customercountry AS home
            WHERE home.organization_id = %(organization)s AND home.country > known.country
            ORDER BY home.country LIMIT 1)
    FROM known WHERE known.country IS NOT NULL
)
SELECT country FROM known WHERE country <> ''
"""


def countries(organization_id: UUID) -> list[str]:
    """Return their two letters, in order."""
    return [country for (country,) in fetched(KNOWN, {"organization": organization_id})]
