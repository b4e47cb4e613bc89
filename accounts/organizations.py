"""Make organizations; each has an owner from its first moment."""

from functools import cache
from itertools import chain, count
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit
from accounts.currencies import CODES
from accounts.lookups import Lookup
from accounts.models import Membership, Organization, Role, User
from accounts.reading import Asked
from accounts.tenancy import tenant

SLUG_LENGTH = 48
NUMBERED = 1000


class OrganizationRefusedError(ValueError):
    """Raised where an organization cannot be made; its text says what to change."""


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of the time zones that a person would choose, sorted."""
    aside = ("Etc/", "SystemV/", "posix/", "right/", "US/")
    regions = (name for name in available_timezones() if "/" in name and not name.startswith(aside))
    return ("UTC", *sorted(regions))


def create(name: str, *, owner: User, time_zone: str, currency: str = "") -> Organization:
    """Make an organization with its owner and a slug of its own."""
    name, currency = " ".join(name.split()), currency.lower()
    if not 0 < len(name) <= 120:
        raise OrganizationRefusedError(_("The name of an organization has 1 to 120 characters."))
    if not is_time_zone(time_zone):
        raise OrganizationRefusedError(
            _("There is no time zone %(name)r; use a name like Europe/Paris.") % {"name": time_zone}
        )
    if currency and currency not in CODES:
        raise OrganizationRefusedError(
            _("There is no currency %(code)r; use a code like eur.") % {"code": currency}
        )
    with transaction.atomic():
        organization = _insert(name, time_zone, currency)
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
        with tenant(organization.id):
            audit.record("organization.created", actor=owner, subject=organization.slug)
    return organization


def free_slug(wanted: str) -> str:
    """Return a slug that no organization has, the wanted one if it can be."""
    taken = set(Organization.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(
        slug for slug in chain([wanted], (f"{wanted}-{number}" for number in count(2))) if slug not in taken
    )


def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows the name."""
    return name in available_timezones() and bool(ZoneInfo(name))


def _insert(name: str, time_zone: str, currency: str) -> Organization:
    base = slugify(name)[:SLUG_LENGTH].strip("-") or "organization"
    for number in range(1, NUMBERED):
        slug = base if number == 1 else f"{base}-{number}"
        if Organization.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return Organization.objects.create(
                    slug=slug, name=name, time_zone=time_zone, currency=currency
                )
        except IntegrityError:
            continue
    raise OrganizationRefusedError(_("Too many organizations have this name; choose another."))


OF_USER = Lookup(lambda: Organization.objects.filter(memberships__user=0).order_by("name", "slug"))


def asked_of(user: User) -> Asked:
    """Return what `organizations_of` asks, for whoever reads it ahead."""
    return OF_USER.asked(user.pk)


def organizations_of(user: User) -> list[Organization]:
    """Return the organizations a person belongs to, by name."""
    return OF_USER.all(user.pk)
