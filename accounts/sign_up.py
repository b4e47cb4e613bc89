"""Signing up, which takes as long for an address that has an account as for one that has none."""

from typing import Any

from allauth.account.forms import SignupForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest


class SignUpForm(SignupForm):  # type: ignore[misc]
    """The form, whose password is hashed once either way: a quicker answer would tell of an account."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)
