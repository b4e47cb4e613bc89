"""What each state of a connection means, in words, and the way out of it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_sync.health import Health, Standing
from config import clock

BADGES = {
    Health.FRESH: "badge-good",
    Health.REVOKED: "badge-bad",
    Health.REFUSED: "badge-bad",
    Health.STALE: "badge-warn",
    Health.RATE_LIMITED: "badge-warn",
    Health.PARTIAL: "badge-warn",
}
TEXTS: "dict[Health, str | Promise]" = {
    Health.FRESH: gettext_lazy("Everything that Stripe has told is here."),
    Health.PARTIAL: gettext_lazy(
        "A list cannot be read, or an object could not be used. The numbers leave that out."
    ),
    Health.RATE_LIMITED: gettext_lazy(
        "Stripe asks for fewer requests. The sync waits and goes on by itself; another program that reads "
        "the same account shares its limit."
    ),
    Health.IMPORTING: gettext_lazy("The first import runs; numbers appear when it ends."),
    Health.CHECKING: gettext_lazy("Each permission of the key is being tried."),
    Health.DISCONNECTED: gettext_lazy("It is read no longer. Its numbers stay as they were."),
    Health.REFUSED: gettext_lazy("Stripe does not let this key read what is needed."),
    Health.REVOKED: gettext_lazy(
        "Stripe does not accept the access any more. Nothing that was read is lost."
    ),
}
DEAF = gettext_lazy(
    "The key may not read events: set Events to Read in Stripe and paste the key again. Until then changes "
    "are known by webhooks as they come, and by the comparison of each night."
)
WAYS_OUT: "dict[Health, str | Promise]" = {
    Health.PARTIAL: gettext_lazy("See what is left out"),
    Health.IMPORTING: gettext_lazy("Watch it"),
    Health.CHECKING: gettext_lazy("Watch it"),
    Health.DISCONNECTED: gettext_lazy("Connect it again"),
    Health.REFUSED: gettext_lazy("Give it another key"),
    Health.REVOKED: gettext_lazy("Connect it again"),
    Health.STALE: gettext_lazy("See the connection"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a connection stands, what that means, and where to go."""

    label: str
    badge: str
    text: str
    url: str = ""
    action: str = ""


def words_for(standing: Standing, slug: str) -> Words:
    """Return what to tell of a connection."""
    health = standing.health
    action = str(WAYS_OUT.get(health, ""))
    url = reverse("connections", args=[slug]) if action else ""
    return Words(str(health.label), BADGES.get(health, ""), text_for(standing), url, action)


def text_for(standing: Standing) -> str:
    """Return what a connection's state means."""
    if standing.health == Health.PARTIAL and not standing.events_read:
        return str(DEAF)
    if standing.health != Health.STALE or standing.data_through is None:
        return str(TEXTS.get(standing.health, ""))
    age = timesince(standing.data_through, clock.now(), depth=1)
    return _(
        "Nothing has been read for %(age)s. Unless Stripe is in trouble, the worker of this installation "
        "stands still: whoever runs it finds the reason in its log."
    ) % {"age": age}
