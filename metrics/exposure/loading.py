"""How the subscriptions of some customers stand today, from the build on show and from the mirror."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from metrics.build import rows
from metrics.build.load import Loader, fetch
from metrics.build.rebuild import shelve
from metrics.core.definition import Definition
from metrics.core.history import Configuration
from metrics.core.ledger import TRIALS, Segment, segments
from metrics.exposure.diagnoses import CONTRACTION_DAYS, Contracted, Part, Standing
from metrics.exposure.stripe import Cards, Customer, Item, Reader, Subscription, card_of, expiry

# What stands now, and what its dates will make of it.
AHEAD = "SELECT customer_id, {columns} FROM {table} AS old WHERE {own} AND connection_id = %s AND {ours}"
OURS = "customer_id = ANY(%s) AND (to_at IS NULL OR to_at > %s) ORDER BY customer_id, item_id, from_at"
OBJECTS = (
    "SELECT {owner}, stripe_id, payload FROM billing_sync_{table} "
    "WHERE organization_id = %s AND connection_id = %s AND stripe_id = ANY(%s)"
)
SUBSCRIPTIONS = OBJECTS.format(owner="customer_id", table="subscription")
CUSTOMERS = OBJECTS.format(owner="stripe_id", table="customer")
CARDS = (
    "SELECT stripe_id, exp_year, exp_month FROM billing_sync_paymentmethod "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id = ANY(%s) AND deleted_at IS NULL"
)
CONTRACTIONS = (
    "SELECT customer_id, currency, -amount_micro, date FROM metrics_movement "
    "WHERE organization_id = %s AND definition_version = %s AND build = %s AND connection_id = %s "
    "AND customer_id = ANY(%s) AND date > %s AND kind = 'contraction'"
)


@dataclass(frozen=True, slots=True)
class Known:
    """One subscription: how it stands, what holds now and later, and the schedule that it follows."""

    standing: Standing
    segments: Sequence[Segment]
    configurations: Sequence[Configuration]
    schedule: str


@dataclass(slots=True)
class Account:
    """What is known of one customer's days ahead."""

    known: list[Known] = field(default_factory=list)
    contracted: list[Contracted] = field(default_factory=list)

    @property
    def standings(self) -> list[Standing]:
        """Return how the subscriptions stand."""
        return [one.standing for one in self.known]


@dataclass(frozen=True, slots=True)
class Look:
    """Whose days ahead to look at: one connection in a build, the instant it runs to, and the local day."""

    organization_id: UUID
    connection_id: UUID
    definition_version: int
    build: int
    definition: Definition
    at: int
    on: date

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Return what leads the key of everything mirrored."""
        return self.organization_id, self.connection_id

    def accounts(self, names: Sequence[str], reader: Reader, loader: Loader) -> dict[str, Account]:
        """Return the accounts of some customers, those with anything that stands."""
        held, past = self._segments(names), self._configurations(names)
        tried = self._after_trials(past, held, loader)
        told = self._told(held, reader)
        found: dict[str, Account] = defaultdict(Account)
        for name, ledger in held.items():
            for subscription in sorted({one.subscription for one in ledger}):
                own = [one for one in ledger if one.subscription == subscription]
                state = [one for one in past.get(name, ()) if one.subscription == subscription]
                said = told.subscriptions.get(subscription, Subscription(subscription))
                standing = _standing(said, own, state, tried, self.at)
                card = card_of(said, told.customers.get(name, Customer()), told.cards)
                standing = replace(standing, card_expires_at=card)
                found[name].known.append(Known(standing, own, state, said.schedule_id()))
        since = self.on - timedelta(days=CONTRACTION_DAYS)
        bound = (self.organization_id, self.definition_version, self.build, self.connection_id)
        for name, currency, lost, on in fetch(CONTRACTIONS, (*bound, list(names), since)):
            found[name].contracted.append(Contracted(currency, lost, on))
        return dict(found)

    def _segments(self, names: Sequence[str]) -> dict[str, list[Segment]]:
        found: dict[str, list[Segment]] = defaultdict(list)
        lead = (self.organization_id, self.definition_version, self.build)
        for name, *row in self._ahead(rows.SEGMENT, lead, names):
            found[name].append(rows.segment(row))
        return found

    def _configurations(self, names: Sequence[str]) -> dict[str, list[Configuration]]:
        found: dict[str, list[Configuration]] = defaultdict(list)
        for name, *row in self._ahead(rows.CONFIGURATION, (self.organization_id,), names):
            found[name].append(rows.configuration(row))
        return found

    def _ahead(self, table: rows.Table, lead: tuple[Any, ...], names: Sequence[str]) -> list[tuple[Any, ...]]:
        columns = [_selected(name, kind) for name, kind in table.columns.items()][2:]
        own = " AND ".join(f"{name} = %s" for name in table.lead)
        statement = AHEAD.format(columns=", ".join(columns), table=table.name, own=own, ours=OURS)
        since = datetime.fromtimestamp(self.at, UTC)
        return fetch(statement, (*lead, self.connection_id, list(names), since))

    def _after_trials(
        self,
        past: Mapping[str, Sequence[Configuration]],
        held: Mapping[str, Sequence[Segment]],
        loader: Loader,
    ) -> dict[str, list[Segment]]:
        """Value what is on trial as if it had converted; by item."""
        trying = {
            name: _converted([one for one in past.get(name, ()) if one.subscription in tried])
            for name, ledger in held.items()
            if (tried := {one.subscription for one in ledger if one.excluded == "trial"})
        }
        shelve(loader, trying)
        catalogue, found = loader.shelf.catalogue(), defaultdict(list)
        for ahead in trying.values():
            known = [one for one in ahead if one.price in catalogue.prices]
            for segment in segments(known, catalogue, self.definition):
                found[segment.item].append(segment)
        return found

    def _told(self, held: Mapping[str, Sequence[Segment]], reader: Reader) -> "Told":
        names = sorted(held)
        subscriptions = sorted({one.subscription for ledger in held.values() for one in ledger})
        read = fetch(SUBSCRIPTIONS, (*self.key, subscriptions))
        return Told(
            {one: reader.subscription(blob, one) for _, one, blob in read},
            {one: reader.customer(blob) for _, one, blob in fetch(CUSTOMERS, (*self.key, names))},
            {
                one: at
                for one, year, month in fetch(CARDS, (*self.key, names))
                if (at := expiry(year, month)) is not None
            },
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the mirror says of some customers' subscriptions, by id."""

    subscriptions: Mapping[str, Subscription]
    customers: Mapping[str, Customer]
    cards: Cards


def _converted(ahead: Sequence[Configuration]) -> list[Configuration]:
    return [
        one._replace(status="active", paid=True, cancel_requested=False) if one.status in TRIALS else one
        for one in ahead
    ]


def _standing(
    said: Subscription,
    ledger: Sequence[Segment],
    state: Sequence[Configuration],
    tried: Mapping[str, Sequence[Segment]],
    at: int,
) -> Standing:
    """Return how one subscription stands at an instant."""
    present, items = [one for one in state if one.start <= at], said.parts()
    owed = [one.unpaid_since for one in present if one.unpaid_since is not None]
    cancels = any(one.cancel_requested for one in present)
    standing = [one for one in ledger if one.start <= at]
    return Standing(
        said.id,
        tuple(_part(one, ledger, items.get(one.item) or Item(one.item), said, tried) for one in standing),
        past_due=any(one.status == "past_due" for one in present),
        owed_since=min(owed, default=None),
        cancels=cancels,
        ends_at=said.ends_at() if cancels else None,
    )


def _part(
    one: Segment,
    ledger: Sequence[Segment],
    item: Item,
    said: Subscription,
    tried: Mapping[str, Sequence[Segment]],
) -> Part:
    then = next((next_ for next_ in ledger if (next_.item, next_.start) == (one.item, one.end)), None)
    lifted = then is not None and set(one.discounts) - set(then.discounts)
    trial = item.current_trial.end_date if item.current_trial else said.trial_end
    on_trial = one.excluded == "trial"
    converted = 0
    if on_trial and trial is not None:
        after = max(trial, one.start)
        worth = (s.mrr_micro for s in tried.get(one.item, ()) if s.start <= after < (s.end or after + 1))
        converted = next(worth, 0)
    return Part(
        one.item,
        one.currency,
        one.mrr_micro,
        one.contracted,
        item.current_period_end or said.current_period_end,
        one.end if lifted and not on_trial else None,
        then.mrr_micro if then and lifted else 0,
        trial if on_trial else None,
        converted,
    )


def _selected(name: str, kind: str) -> str:
    return f"extract(epoch FROM old.{name})::bigint" if kind == "instant" else f'old."{name}"'
