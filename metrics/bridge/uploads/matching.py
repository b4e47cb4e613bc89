"""Whom the names in a file mean: by Stripe id, else by an e-mail address or a name that only one has."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from billing_sync.models import Payer

AT_ONCE = 5_000
NOBODY = UUID(int=0)
UNKNOWN, SEVERAL, ELSEWHERE = "unknown_customer", "several_customers", "test_data"
Who = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Match:
    """The customer that a name means; where it means none, `reason` says why."""

    connection_id: UUID = NOBODY
    customer_id: str = ""
    reason: str = ""


def matched(
    organization_id: UUID, counted: Collection[UUID], names: Sequence[str], known: Collection[Who]
) -> dict[str, Match]:
    """Return whom each name means among the accounts that are counted; `known` have MRR there."""
    by_id: dict[str, set[Who]] = defaultdict(set)
    for who in known:
        by_id[who[1]].add(who)
    found: dict[str, Match] = {}
    for some in _chunks(names):
        told = {name: set(by_id.get(name, ())) for name in some}
        for column in ("customer_id", "email_lower", "name_lower"):
            _ask(organization_id, column, told)
        found |= {name: _one(candidates, counted) for name, candidates in told.items()}
    return found


def _ask(organization_id: UUID, column: str, told: dict[str, set[Who]]) -> None:
    """Look for the names that mean nobody yet in one column."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for name, candidates in told.items():
        if not candidates:
            by_key[name if column == "customer_id" else name.lower()].append(name)
    if not by_key:
        return
    payers = Payer.objects.filter(organization_id=organization_id, **{f"{column}__in": list(by_key)})
    for key, connection_id, customer_id in payers.values_list(column, "connection_id", "customer_id"):
        for name in by_key.get(key, ()):
            told[name].add((connection_id, customer_id))


def _one(candidates: set[Who], counted: Collection[UUID]) -> Match:
    here = [who for who in candidates if who[0] in counted]
    if len(here) == 1:
        return Match(*here[0])
    if here:
        return Match(reason=SEVERAL)
    return Match(reason=ELSEWHERE if candidates else UNKNOWN)


def _chunks(names: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while some := list(islice(rest, AT_ONCE)):
        yield some
