from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from accounts import organizations
from accounts.models import User


class Command(BaseCommand):
    help = "Make an organization and print its slug; its owner is made too, verified, unless she exists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--password", help="of a new owner; without one she asks for a reset link")
        parser.add_argument("--time-zone", default="UTC", metavar="TZ")
        parser.add_argument("--currency", default="", metavar="C", help="such as eur")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            owner = self.owner(options["owner"], options["password"])
            try:
                made = organizations.create(
                    options["name"],
                    owner=owner,
                    time_zone=options["time_zone"],
                    currency=options["currency"],
                )
            except organizations.OrganizationRefusedError as error:
                raise CommandError(str(error), returncode=2) from None
        self.stdout.write(made.slug)

    def owner(self, email: str, password: str | None) -> User:
        """Return the person with this address, or make her."""
        email = email.lower()
        known = User.objects.filter(email__iexact=email).first()
        if known is not None:
            self.stderr.write(f"{email} has an account already; her password stays as it is.")
            return known
        try:
            validate_email(email)
            user = User(email=email)
            if password is not None:
                validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        made = User.objects.create_user(email, password)
        EmailAddress.objects.create(user=made, email=email, primary=True, verified=True)
        return made
