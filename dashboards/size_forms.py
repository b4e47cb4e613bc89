"""Sizes as they are typed: a row each, of which empty ones count for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import OrganizationRequest
from accounts.models import Organization
from dashboards.buckets import MOST, Bucket, buckets
from dashboards.narrowing import AMOUNT, written
from metrics.core.money import MICRO, decimals

SPARE = 2
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Typed:
    """One row as it stands in its fields."""

    start: str = ""
    name: str = ""
    team: str = ""


@dataclass(slots=True)
class SizesForm:
    """The rows, what is wrong with them, and the sizes they make where nothing is."""

    rows: list[Typed]
    wanted: list[Bucket] | None = None
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, request: OrganizationRequest) -> "SizesForm":
        """Return the sizes that hold, and rows for more."""
        currency = request.organization.currency.lower() or "usd"
        found = buckets(request)
        rows = [Typed(written(one.from_minor * MICRO, currency) or "0", one.name, one.team) for one in found]
        return cls([*rows, *[Typed()] * min(SPARE, MOST - len(rows))])

    @classmethod
    def typed(cls, organization: Organization, data: QueryDict) -> "SizesForm":
        """Read what was typed; every mistake is told."""
        columns = [data.getlist(name)[: MOST + 1] for name in ("start", "name", "team")]
        length = max(map(len, columns), default=0)
        padded = [[*column, *[""] * (length - len(column))] for column in columns]
        rows = [Typed(*(text.strip() for text in row)) for row in zip(*padded, strict=True)]
        form = cls(rows)
        form._read([one for one in rows if one != Typed()], organization.currency.lower() or "usd")
        return form

    def _read(self, rows: Sequence[Typed], currency: str) -> None:
        if len(rows) > MOST:
            self.errors.append(
                ngettext("At most %(most)s size.", "At most %(most)s sizes.", MOST) % {"most": MOST}
            )
            return
        places, found = decimals(currency), []
        for one in rows:
            told = one.start.replace(",", "").replace(" ", "")
            fits = AMOUNT.fullmatch(told) and len(told.partition(".")[2]) <= places
            if not fits:
                who = {"name": one.name or _("A size")}
                self.errors.append(_("%(name)s: write from how much ARR it begins, such as 50000.") % who)
            elif not one.name or not one.name.isprintable() or not one.team.isprintable():
                self.errors.append(_("Name the size that begins at %(start)s.") % {"start": one.start})
            elif max(len(one.name), len(one.team)) > LONGEST:
                words = {"most": LONGEST}
                said = ngettext(
                    "The names of a size and its team have at most %(most)s letter.",
                    "The names of a size and its team have at most %(most)s letters.",
                    LONGEST,
                )
                self.errors.append(said % words)
            else:
                found.append(Bucket(int(Decimal(told).scaleb(places)), one.name, one.team))
        if not self.errors:
            self.wanted = found
