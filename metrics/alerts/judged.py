"""What was last judged of each currency: the same again is not judged again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import connection

JUDGED = """
SELECT currency, through, build, computed_at, rules_version, silence
FROM metrics_alertevaluation WHERE organization_id = %s
"""
KEEP = """
INSERT INTO metrics_alertevaluation
    (organization_id, currency, through, build, computed_at, rules_version, silence)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (organization_id, currency) DO UPDATE
SET through = excluded.through, build = excluded.build, computed_at = excluded.computed_at,
    rules_version = excluded.rules_version, silence = excluded.silence
"""
DROP = "DELETE FROM metrics_alertevaluation WHERE organization_id = %s AND currency <> ALL(%s)"


@dataclass(frozen=True, slots=True)
class Judged:
    """Through which day, over which tables, by which rules; or why nothing was said."""

    through: date
    build: int
    computed_at: datetime | None
    rules_version: int
    silence: str

    def after(self, last: "Judged") -> "Judged":
        """Return what is kept where `last` was kept before: a silence judges no day."""
        return replace(self, through=last.through) if self.silence else self


def judged(organization_id: UUID, *, lock: bool = False) -> dict[str, Judged]:
    """Return what was last judged, by currency; locked, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"{JUDGED} FOR UPDATE" if lock else JUDGED, [organization_id])
        return {currency: Judged(*kept) for currency, *kept in cursor.fetchall()}


def keep(organization_id: UUID, now: Mapping[str, Judged]) -> None:
    """Keep what was judged; of a currency that is not named any more nothing is remembered."""
    with connection.cursor() as cursor:
        cursor.execute(DROP, [organization_id, list(now)])
        for currency, one in now.items():
            kept = (one.through, one.build, one.computed_at, one.rules_version, one.silence)
            cursor.execute(KEEP, [organization_id, currency, *kept])
