"""How long an organization keeps what its numbers do not need, and the nightly job that forgets the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from accounts import jobs
from accounts.audit import record
from accounts.models import Outbox, User
from accounts.privacy.models import Retention
from accounts.standing import standing
from accounts.tenancy import tenant
from config.clock import now

PURGE = "purge"
DAY = timedelta(days=1)
MOST_DAYS = 3_650
# `(organization_id, before)` deletes what is older, inside the tenant, and returns how much there was.
Forget = Callable[[UUID, datetime], int]


class RetentionError(ValueError):
    """Raised where a number of days is not possible; its text says which are."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept for a number of days that an organization chooses; None is for ever."""

    kind: str
    label: str | Promise
    about: str | Promise
    default: int | None
    least: int
    forget: Forget


_kept: dict[str, Kept] = {}
_expiring: list[Forget] = []


def kept(
    kind: str, label: str | Promise, about: str | Promise, *, default: int | None = None, least: int = 1
) -> Callable[[Forget], Forget]:
    """Register who forgets one kind of thing when it is older than chosen."""

    def register(function: Forget) -> Forget:
        if _kept.setdefault(kind, Kept(kind, label, about, default, least, function)).forget != function:
            raise ValueError(f"Two functions forget {kind!r}.")
        return function

    return register


def expiring(function: Forget) -> Forget:
    """Register who forgets what nobody chooses to keep; `before` is the present."""
    _expiring.append(function)
    return function


def kinds() -> list[Kept]:
    """Return what can be kept shorter or longer."""
    return [_kept[kind] for kind in sorted(_kept)]


def chosen(organization_id: UUID) -> dict[str, int | None]:
    """Return for how many days each kind is kept."""
    rows = Retention.objects.filter(organization_id=organization_id).values_list("kind", "days")
    return {one.kind: one.default for one in kinds()} | {kind: days for kind, days in rows if kind in _kept}


def choose(organization_id: UUID, wanted: Mapping[str, int | None], *, by: User) -> None:
    """Keep each kind for so many days from now on."""
    before = chosen(organization_id)
    changed = {kind: days for kind, days in wanted.items() if before[kind] != days}
    for kind, days in changed.items():
        if days is not None and not _kept[kind].least <= days <= MOST_DAYS:
            text = ngettext(
                "Choose between %(least)d and %(most)d day, or leave it empty to keep it for ever.",
                "Choose between %(least)d and %(most)d days, or leave it empty to keep it for ever.",
                MOST_DAYS,
            )
            raise RetentionError(text % {"least": _kept[kind].least, "most": MOST_DAYS})
        rows = Retention.objects.filter(organization_id=organization_id)
        rows.update_or_create(organization_id=organization_id, kind=kind, defaults={"days": days})
    if changed:
        record("retention.changed", actor=by, **dict[str, Any](changed))


@standing(PURGE)
def purge(organization_id: UUID, key: str) -> jobs.Outcome:
    """Forget what an organization does not want to keep any longer, once a day."""
    with tenant(organization_id):
        at = now()
        gone = {
            one.kind: one.forget(organization_id, at - days * DAY) for one, days in _limited(organization_id)
        }
        for forget in _expiring:
            forget(organization_id, at)
        if any(gone.values()):
            told: dict[str, Any] = {kind: count for kind, count in gone.items() if count}
            record("retention.purged", actor=None, **told)
    return jobs.Later(at + DAY)


def _limited(organization_id: UUID) -> list[tuple[Kept, int]]:
    wanted = chosen(organization_id)
    return [(one, days) for one in kinds() if (days := wanted[one.kind]) is not None]


@kept(
    "mails",
    gettext_lazy("Record of sent e-mails"),
    gettext_lazy("When which message went to whom. The texts themselves are forgotten when they are sent."),
    default=365,
    least=7,
)
def forget_mails(organization_id: UUID, before: datetime) -> int:
    """Forget messages that were sent, or dropped."""
    rows = Outbox.objects.filter(organization_id=organization_id, created_at__lt=before)
    gone, _kinds = rows.exclude(sent_at=None, dropped="").delete()
    return gone


@kept(
    "activity",
    gettext_lazy("Activity log"),
    gettext_lazy("Who did what. It cannot be changed, and is kept for a year at least."),
    least=365,
)
def forget_activity(organization_id: UUID, before: datetime) -> int:
    """Forget old entries of the audit log, by the one function that may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_audit(%s)", [before])
        return int(cursor.fetchone()[0])
