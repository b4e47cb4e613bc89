"""What subscriptions will be worth from each of their dates on: projected, and valued as everything is."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from metrics.build.load import Loader
from metrics.build.rebuild import shelve
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import segments
from metrics.exposure.loading import Account, Known, Look
from metrics.outlook.decided import COUPON_END, PAUSE, PHASE, TRIAL_END, Ahead, Outlook
from metrics.outlook.projecting import Plans, cuts, projected
from metrics.outlook.stripe import Planned, planned

NOTHING = Planned()
# Stripe finalizes and charges an invoice an hour after a trial's end, at the latest after three days.
WAITS = 3 * 86_400


def outlooks(look: Look, accounts: Mapping[str, Account], loader: Loader) -> dict[str, list[Outlook]]:
    """Return the outlook of each subscription of some customers."""
    known = [(name, one) for name, account in accounts.items() for one in account.known]
    schedules = planned(*look.key, [one.schedule for _, one in known if one.schedule], look.at)
    plans = {
        one.standing.subscription: Plans(_trials(one, look.at), schedules.get(one.schedule, NOTHING).phases)
        for _, one in known
    }
    rows = {
        one.standing.subscription: _rows(one, plans[one.standing.subscription], look.at) for _, one in known
    }
    by_customer: dict[str, list[Configuration]] = defaultdict(list)
    for name, one in known:
        by_customer[name] += rows[one.standing.subscription]
    shelve(loader, {name: ahead for name, ahead in by_customer.items() if ahead})
    catalogue = loader.shelf.catalogue()
    found: dict[str, list[Outlook]] = defaultdict(list)
    for name, one in known:
        subscription = one.standing.subscription
        ahead = _ahead(one, plans[subscription], rows[subscription], catalogue, look)
        present = tuple(each for each in one.segments if each.start <= look.at)
        closes_at = schedules.get(one.schedule, NOTHING).closes_at
        found[name].append(Outlook(one.standing, present, tuple(ahead), closes_at))
    return dict(found)


def _trials(known: Known, at: int) -> dict[str, int]:
    """Return when each item's trial ends; one that has just ended waits for its first payment."""
    active = {one.item for one in known.configurations if one.start <= at and one.status == "active"}
    waiting = {
        one.item: one.start
        for one in known.segments
        if one.excluded == "first_payment" and one.start <= at < one.start + WAITS and one.item in active
    }
    parts = known.standing.parts
    return waiting | {one.item: one.trial_ends_at for one in parts if one.trial_ends_at is not None}


def _rows(known: Known, plans: Plans, at: int) -> list[Configuration]:
    """Return what stands, carried on; nothing where no date changes it."""
    if len(cuts(known.configurations, plans, at)) == 1 and not plans.trials:
        return []
    return list(projected(known.configurations, plans, known.segments, at))


def _ahead(
    known: Known, plans: Plans, rows: list[Configuration], catalogue: Catalogue, look: Look
) -> Iterator[Ahead]:
    if not rows:
        return
    valued = segments([one for one in rows if one.price in catalogue.prices], catalogue, look.definition)
    instants = cuts(known.configurations, plans, look.at)
    overdue = [one for one in plans.trials.values() if one <= look.at]
    for before, at in pairwise([look.at, *instants] if overdue else instants):
        amounts: dict[str, int] = defaultdict(int)
        for one in valued:
            if one.start <= at and (one.end is None or at < one.end):
                amounts[one.currency] += one.mrr_micro
        due = min(overdue) if at == look.at else at
        yield Ahead(at, _kind(known, plans, before, at), due, amounts)


def _kind(known: Known, plans: Plans, before: int, at: int) -> str:
    """Name what changes at an instant; of several the one that moves most as a rule."""
    if at == before or at in plans.trials.values():
        return TRIAL_END
    if any(one.start == at for one in plans.phases):
        return PHASE
    paused = {one.item for one in known.configurations if one.collection_paused and one.start <= before}
    begins = any(
        one.collection_paused and one.item not in paused and one.start == at for one in known.configurations
    )
    return PAUSE if begins else COUPON_END
