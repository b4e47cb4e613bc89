"""How sign-up, sign-in, second factors and account mail behave here."""

from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import account_changes, attempts, factor_secrets, mail
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Post mail through a job, with links to BASE_URL: the request's Host header is the sender's choice."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        mail.post(self.render_mail(template_prefix, email, {"email": email, **links(), **context}))

    def send_notification_mail(self, template_prefix: str, user: User, *more: Any, **told: Any) -> None:
        super().send_notification_mail(template_prefix, user, *more, **told)
        account_changes.note(user, template_prefix.rpartition("/")[2])

    def send_account_already_exists_mail(self, email: str) -> None:
        self.send_mail("account/email/account_already_exists", email, {})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmation) -> str:
        return absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return absolute(path.replace("UID-KEY", quote(key)))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self.taken = attempts.take(request, str(credentials.get("email", "")))
        if self.taken is None:
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        attempts.give_back(self.taken or [])

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        attempts.forget(request, str(credentials.get("email", "")))

    def post_login(self, request: HttpRequest, user: User, **told: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **told)
        if not told["signup"] and not attempts.knows(request, user.email):
            self.send_notification_mail("account/email/signed_in", user)
        attempts.remember(response, user.email)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keep the secrets of authenticator apps and recovery codes encrypted for their person."""

    def encrypt(self, text: str) -> str:
        return factor_secrets.seal(text, factor_secrets.whose())

    def decrypt(self, encrypted_text: str) -> str:
        return factor_secrets.unseal(encrypted_text, factor_secrets.whose())


def absolute(path: str) -> str:
    """Return a path's public address."""
    return settings.BASE_URL.rstrip("/") + path


def links() -> dict[str, str]:
    """Return the addresses that account mail may name."""
    return {
        "home_url": absolute("/"),
        "signup_url": absolute(reverse("account_signup")),
        "reset_url": absolute(reverse("account_reset_password")),
    }
