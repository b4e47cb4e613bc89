"""The European Central Bank's file, read over the network by a job; the rates serve every day after."""

from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as SlowError

from accounts.tenancy import tenant
from config import clock
from metrics import queries
from metrics.exchange.models import RateFetch
from metrics.exchange.reading import MOST_BYTES, BadRatesError, read_rates
from metrics.exchange.storing import store

CONNECT_SECONDS, READ_SECONDS = 5, 20
AGAIN, AFTER_FAILURE = timedelta(days=1), timedelta(hours=6)
ONCE = urllib3.Retry(total=0, redirect=False)
MOST_REDIRECTS = 3


class NoAnswerError(RuntimeError):
    """Raised where the central bank's server gave no file; the text says why, for people."""


def fetch(organization_id: UUID) -> datetime:
    """Read the file, store its rates and note how that went; return when to read it again."""
    with tenant(organization_id):
        RateFetch.objects.update_or_create(
            organization_id=organization_id, defaults={"asked_at": clock.now(), "done_at": None}
        )
    try:
        content = download(settings.ECB_RATES_URL)
        with tenant(organization_id):
            rates = read_rates(content, queries.today(organization_id), fetched=True)
            store(organization_id, rates)
            _note(organization_id, newest=max(rate.on for rate in rates), error="")
    except (NoAnswerError, BadRatesError) as error:
        with tenant(organization_id):
            _note(organization_id, error=str(error))
        return clock.now() + AFTER_FAILURE
    return clock.now() + AGAIN


def _note(organization_id: UUID, **outcome: object) -> None:
    RateFetch.objects.filter(organization_id=organization_id).update(done_at=clock.now(), **outcome)


def download(url: str) -> bytes:
    """Return the file at an address; NoAnswerError says what kept it."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    try:
        with urllib3.PoolManager(timeout=timeout, retries=ONCE) as pool:
            answer = _ask(pool, url)
            try:
                content = answer.read(MOST_BYTES + 1, decode_content=True)
            finally:
                answer.release_conn()
    except HTTPError as error:
        raise NoAnswerError(_why(error)) from error
    if answer.status != 200:
        raise NoAnswerError(
            _("The central bank's server answered %(status)s in place of the file. Upload the file instead.")
            % {"status": answer.status}
        )
    if len(content) > MOST_BYTES:
        raise NoAnswerError(_("The central bank's server sent more than 50 MB, which is no file of rates."))
    return content


def _ask(pool: urllib3.PoolManager, url: str) -> urllib3.BaseHTTPResponse:
    """Follow the server to other addresses of its own; one elsewhere is not asked."""
    for _redirect in range(MOST_REDIRECTS + 1):
        answer = pool.request("GET", url, preload_content=False, redirect=False)
        location = answer.get_redirect_location()
        following = urljoin(url, location) if location else url
        if not location or urlsplit(following)[:2] != urlsplit(url)[:2]:
            return answer
        answer.release_conn()
        url = following
    return answer


def _why(error: HTTPError) -> str:
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(cause, SSLError):
        return _(
            "The central bank's server showed a certificate that this machine does not trust, so nothing was "
            "read. Upload the file instead, or add the authority that your network uses to this machine's."
        )
    if isinstance(cause, SlowError) and not isinstance(cause, NewConnectionError):
        return _("The central bank's server did not answer in time. Upload the file instead, or wait.")
    return _(
        "The central bank's server cannot be reached from here. Upload the file instead, or let this "
        "machine reach it."
    )
