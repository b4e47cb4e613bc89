"""The organization that a command names."""

from django.core.management.base import CommandError

from accounts.models import Organization


def organization_named(slug: str) -> Organization:
    """Return the organization with this slug; a wrong one ends the command with 2."""
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(
            f"There is no organization {slug!r}. Make one with create_organization.", returncode=2
        )
    return found
