"""The cookies of a person's session, for the clients of `dashboard`: an address."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402

from accounts.models import User  # noqa: E402

TOKEN = 32


def main() -> None:
    """Sign in without a password, as a test does, and print the header."""
    client = Client()
    user = User.objects.get(email=sys.argv[1])
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = get_random_string(TOKEN)
    sys.stdout.write(f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}\n")


if __name__ == "__main__":
    main()
