"""The people that tests share: an owner, her teammate, a stranger, and the owner of another organization."""

import time
from dataclasses import dataclass
from functools import cache

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import Membership, Organization, Role, User

PASSWORD = "long enough to sign in with"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a verified address, and her signed-in client."""

    user: User
    client: Client

    @property
    def email(self) -> str:
        return self.user.email


def person(email: str) -> Person:
    """Make a verified person who is signed in."""
    user = User.objects.create(email=email, password=hashed_password())
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Person(user, client)


@cache
def hashed_password() -> str:
    """Hash the one password once: hashing is slow on purpose."""
    return make_password(PASSWORD)


def member(email: str, organization: Organization, role: Role) -> Person:
    """Make a person who belongs to an organization."""
    somebody = person(email)
    Membership.objects.create(organization=organization, user=somebody.user, role=role)
    return somebody


def recently(person: Person) -> Person:
    """Let a person have confirmed a moment ago that it is she."""
    session = person.client.session
    confirmed = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [confirmed]
    session["account_authentication_methods_user"] = str(person.user.pk)
    session.save()
    return person


def make_organization(slug: str, *, currency: str = "usd", time_zone: str = "UTC") -> Organization:
    """Make an organization without members."""
    return Organization.objects.create(
        slug=slug, name=slug.capitalize(), currency=currency, time_zone=time_zone
    )
