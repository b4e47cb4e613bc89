"""Whether a posted body is Stripe's: an HMAC over its bytes, and a time that is neither old nor ahead."""

import hmac
from collections.abc import Sequence
from hashlib import sha256

TOLERANCE_SECONDS = 300
# While secrets rotate, Stripe sends one signature for each.
MOST_SIGNATURES = 16
LONGEST_TIME = 12


def is_signed(header: str, body: bytes, secrets: Sequence[bytes], at: float) -> bool:
    """Say whether one of the secrets signed `body`, within five minutes before or after `at` (Unix seconds).

    `header` is Stripe-Signature: `t=1795000000,v1=5257a8…`.
    """
    stamp, signatures = _parts(header)
    if not stamp or abs(at - int(stamp)) > TOLERANCE_SECONDS:
        return False
    expected = [sign(body, secret, stamp).encode() for secret in secrets]
    # Every pair is compared, so that time tells nothing about which one came close.
    fits = [hmac.compare_digest(one, given) for one in expected for given in signatures]
    return any(fits)


def sign(body: bytes, secret: bytes, stamp: str) -> str:
    """Return the signature of a body posted at `stamp`, in hexadecimal."""
    return hmac.new(secret, stamp.encode() + b"." + body, sha256).hexdigest()


def _parts(header: str) -> tuple[str, list[bytes]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode() for name, _, value in pairs if name == "v1"]
    stamp = stamps[0] if len(stamps) == 1 else ""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= LONGEST_TIME):
        stamp = ""
    return stamp, signatures[:MOST_SIGNATURES]
