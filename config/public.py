"""Whether an address can be reached from the internet."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home", ".test")


def is_public(url: str) -> bool:
    """Say whether Stripe would post to a URL: https, and no name or number of a local network."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(LOCAL_ENDINGS)
