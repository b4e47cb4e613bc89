"""API keys of the sandbox, and what each may read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .errors import ApiError

FULL_KEY = "rk_test_51SandboxFullRead"
LIVE_KEY = "rk_live_51SandboxFullRead"
WEBHOOK_KEY = "rk_test_51SandboxFullReadAndWebhooks"
LIVE_WEBHOOK_KEY = "rk_live_51SandboxFullReadAndWebhooks"
EXPIRED_KEY = "rk_test_51SandboxExpired"
PLATFORM_KEY = "sk_test_51SandboxPlatform"
LIVE_PLATFORM_KEY = "sk_live_51SandboxPlatform"
PLATFORM_KEYS = (PLATFORM_KEY, LIVE_PLATFORM_KEY)
PERMISSIONS = (
    "rak_accounts_kyc_basic_read",
    "rak_balance_transaction_source_read",
    "rak_charge_read",
    "rak_coupon_read",
    "rak_credit_note_read",
    "rak_customer_read",
    "rak_dispute_read",
    "rak_event_read",
    "rak_invoice_read",
    "rak_payment_intent_read",
    "rak_payment_method_read",
    "rak_plan_read",
    "rak_product_read",
    "rak_promotion_code_read",
    "rak_subscription_read",
    "rak_tax_rate_read",
)
# Beside the reading permissions, and lacked by the keys that only read.
WEBHOOKS = frozenset({"rak_webhook_read", "rak_webhook_write"})


@dataclass(frozen=True, slots=True)
class Key:
    """Hold what one API key may do."""

    secret: str
    lacks: frozenset[str] = frozenset()
    expired: bool = False
    revoked: bool = False
    expires_at: int | None = None
    disconnected: bool = False
    platform: bool = False

    @property
    def live(self) -> bool:
        """Return whether the key belongs to live mode."""
        return "_live_" in self.secret


Keys = Mapping[str, Key]


def ring(*keys: Key) -> Keys:
    """Return keys by their secrets."""
    return {key.secret: key for key in keys}


def key_without(permission: str) -> str:
    """Return the secret of the standard key that lacks one permission."""
    if permission not in PERMISSIONS:
        raise ValueError(f"{permission} is no permission of the sandbox; choose from {PERMISSIONS}")
    return f"rk_test_51SandboxWithout_{permission}"


def standard_keys() -> Keys:
    """Return the keys that every sandbox knows unless it is given others."""
    full = (WEBHOOK_KEY, LIVE_WEBHOOK_KEY, "sk_test_51SandboxSecret", "sk_live_51SandboxSecret")
    return ring(
        *(Key(secret) for secret in full),
        *(Key(secret, lacks=WEBHOOKS) for secret in (FULL_KEY, LIVE_KEY)),
        *(Key(secret, platform=True) for secret in PLATFORM_KEYS),
        Key(EXPIRED_KEY, expired=True),
        *(Key(key_without(name), lacks=WEBHOOKS | {name}) for name in PERMISSIONS),
    )


def recognise(keys: Keys, secret: str | None, now: int = 0) -> Key:
    """Return the key of a request at an instant, or refuse as Stripe does."""
    if not secret:
        raise ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if secret.startswith("pk_"):
        raise ApiError(
            401,
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            code="secret_key_required",
        )
    key = keys.get(secret)
    if key is None or key.revoked:
        raise ApiError(401, f"Invalid API Key provided: {masked(secret)}")
    if key.disconnected:
        raise ApiError(
            401,
            f"The account has disconnected the platform that holds this key: {masked(secret)}",
            code="platform_api_key_expired",
        )
    if key.expired or (key.expires_at is not None and now >= key.expires_at):
        raise ApiError(401, f"Expired API Key provided: {masked(secret)}", code="api_key_expired")
    return key


def permit(key: Key, needs: Iterable[str], account: str) -> None:
    """Refuse, naming the permission, where a key lacks one."""
    for name in needs:
        if name in key.lacks:
            raise ApiError(
                403,
                f"The provided key '{masked(key.secret)}' does not have the required permissions for "
                f"this endpoint on account '{account}'. Having the '{name}' permission would allow "
                "this request to continue.",
                code="more_permissions_required_for_application",
            )


def masked(secret: str) -> str:
    """Return a key as Stripe shows it in messages."""
    if len(secret) <= 12:
        return "*" * len(secret)
    return f"{secret[:8]}{'*' * (len(secret) - 12)}{secret[-4:]}"
