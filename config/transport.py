"""Refuse to send secrets and customers' data in clear over a network, before anything is sent."""

from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.mail import MailServer

ENCRYPTED = {"require", "verify-ca", "verify-full"}
VERIFIED = {"required", "cert_required"}


def refuse_clear_text(
    databases: Mapping[str, Mapping[str, Any]],
    redis: Mapping[str, str],
    mail: MailServer,
    services: Mapping[str, str],
    private: Collection[str],
) -> None:
    """Raise where another machine would be reached without TLS; `private` names those that may be."""
    found = [*_databases(databases), *_redis(redis), *_services(services)]
    if mail.host and not (mail.starttls or mail.tls):
        found.append(("EMAIL_URL", mail.host, "leave ?tls=false out, or use smtps://"))
    for name, host, cure in found:
        if is_remote(host) and host not in private:
            raise ImproperlyConfigured(
                f"{name} leads to {host} without TLS: {cure}. "
                f"If nobody else can listen between here and there, set CLEARTEXT_HOSTS={host}."
            )


def is_remote(host: str) -> bool:
    """Say whether a host is another machine: no socket of this one, and no address of its own."""
    if not host or host.startswith(("/", "@")) or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return True


def _databases(databases: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    cure = "add ?sslmode=verify-full&sslrootcert=system to it, or the file of your own authority"
    for name, database in databases.items():
        options = database.get("OPTIONS", {})
        if options.get("sslmode") not in ENCRYPTED:
            hosts = (str(database.get("HOST") or ""), str(options.get("host") or ""))
            for host in ",".join(hosts).split(","):
                yield name, host, cure


def _redis(urls: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, url in urls.items():
        parts = urlsplit(url)
        asked = {key: values[-1].lower() for key, values in parse_qs(parts.query).items()}
        # Without that parameter Celery would speak in clear, whatever the scheme.
        checked = asked.get("ssl_cert_reqs") in VERIFIED and asked.get("ssl_check_hostname") != "false"
        if parts.scheme != "rediss" or not checked:
            yield name, parts.hostname or "", "it must look like rediss://…?ssl_cert_reqs=required"


def _services(urls: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, url in urls.items():
        if urlsplit(url).scheme == "http":
            yield name, urlsplit(url).hostname or "", "use https://"
