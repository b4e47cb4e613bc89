"""Where the rows of a list open: a customer's page, an object as it is stored, and Stripe's page of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from billing_sync.models import Connection, Customer, Subscription
from dashboards.stripe_links import stripe_url
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of what belongs to the accounts that are summed; nothing for any other.

    An account of which no more than the id is given has none at Stripe.
    """

    slug: str
    accounts: Mapping[UUID, Connection | None]

    def customer(self, connection_id: UUID, customer_id: str) -> str:
        """Return the address of a customer's page."""
        if connection_id not in self.accounts or not customer_id:
            return ""
        return reverse("customer", args=[self.slug, connection_id, customer_id])

    def stored(self, connection_id: UUID, stripe_id: str, line: str = "") -> str:
        """Return the address of an object as it is stored, with one line of it where it is named."""
        if connection_id not in self.accounts or not stripe_id:
            return ""
        path = reverse("object", args=[self.slug, connection_id, stripe_id])
        return f"{path}?{urlencode({'line': line})}" if line else path

    def at_stripe(self, connection_id: UUID, stripe_id: str) -> str:
        """Return where Stripe shows an object; nothing for what came from an archive."""
        found = self.accounts.get(connection_id)
        if found is None or found.kind == Connection.Kind.ARCHIVE:
            return ""
        return stripe_url(stripe_id, livemode=found.livemode)


@dataclass(frozen=True, slots=True)
class Named:
    """An object by its id, and where it opens; nowhere once it is gone from here."""

    id: str
    url: str


def inside(slug: str, connection_ids: Iterable[UUID]) -> Places:
    """Return the places of some accounts without those at Stripe."""
    return Places(slug, dict.fromkeys(connection_ids))


def places(shown: Shown, slug: str) -> Places:
    """Return the places of an organization's accounts, by one statement."""
    found = Connection.objects.filter(organization_id=shown.organization_id, id__in=shown.connection_ids)
    return Places(slug, {one.id: one for one in found})


def named(shown: Shown, where: Places, ids: Iterable[str]) -> list[Named]:
    """Return customers and subscriptions whose ids alone are known, with where each opens."""
    wanted = list(ids)
    urls: dict[str, str] = {}
    for model, opens in ((Customer, where.customer), (Subscription, where.stored)):
        rows = model.objects.filter(
            organization_id=shown.organization_id,
            connection_id__in=shown.connection_ids,
            stripe_id__in=wanted,
        )
        for connection_id, stripe_id in rows.values_list("connection_id", "stripe_id"):
            urls[stripe_id] = opens(connection_id, stripe_id)
    return [Named(one, urls.get(one, "")) for one in wanted]
