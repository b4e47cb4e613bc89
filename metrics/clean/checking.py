"""The clean check of a month in one currency, computed once for a build and kept with it."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from metrics import queries
from metrics.bridge import standing as stored_standing
from metrics.bridge.comparing import Place, keep, place
from metrics.bridge.variants import valued
from metrics.build.load import Loader
from metrics.build.rows import Row
from metrics.clean.mistakes import Pairs, Shares, mistaken
from metrics.clean.month import Billed, Who, added_tax, billed_in, bookings
from metrics.clean.standing import left_out, long_plans
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.periods import parse_month

logger = logging.getLogger(__name__)

SUBJECT = "clean_check"
MISTAKES = ("annual_cash", "setup_fees", "trials", "tax", "refunds", "discounts", "past_due")
OUT = "out-"


@dataclass(slots=True)
class Check:
    """The sums of a check in the making, and the rows below them."""

    where: Place
    mrr_micro: int = 0
    usage_micro: int = 0
    mrr: Counter[Who] = field(default_factory=Counter)
    long_mrr: dict[Who, int] = field(default_factory=dict)
    wrong: int = 0
    amounts: Counter[str] = field(default_factory=Counter)
    subscriptions: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)

    def customer(
        self, who: tuple[UUID, str], past: tuple[Configuration, ...], catalogue: Catalogue, added: Shares
    ) -> None:
        """Count one customer."""
        rules, at = self.where.definition, self.where.at
        ledger = [one for one in valued(past, catalogue, rules, at) if one.currency == self.where.currency]
        found = dict(mistaken(past, catalogue, rules, at, ledger, added))
        out = left_out(past, catalogue, rules, at, ledger)
        long, wrong = long_plans(past, catalogue, rules, at, ledger)
        self._count(who, ledger, catalogue)
        for rule, pairs in (*found.items(), *((OUT + rule, pairs) for rule, pairs in out.items())):
            self.pairs(rule, who, pairs)
        self.pairs("long_plans", who, long)
        self.wrong += wrong
        self.long_mrr |= {(*who, name): ours for name, (ours, _) in long.items()}

    def _count(self, who: tuple[UUID, str], ledger: Iterable[Segment], catalogue: Catalogue) -> None:
        for one in ledger:
            self.mrr_micro += one.mrr_micro
            self.mrr[*who, one.subscription] += one.mrr_micro
            if catalogue.prices[one.price].metered:
                self.usage_micro += one.mrr_micro

    def pairs(self, rule: str, who: tuple[UUID, str], pairs: Pairs) -> None:
        """Count what a rule makes of one customer's subscriptions."""
        for name, (ours, theirs) in pairs.items():
            self.amounts[rule] += theirs - ours
            self.subscriptions[rule] += 1
            month = (SUBJECT, self.where.month, self.where.currency)
            self.rows.append((*month, rule, *who, name, ours, theirs))

    def month(self, billed: Billed, signed: Mapping[Who, int]) -> None:
        """Count what only invoices tell: the cash of long plans, fees, refunds, and what was signed."""
        for who in sorted({*self.long_mrr, *billed.long_cash}):
            ours = self.mrr[who]
            theirs = ours - self.long_mrr.get(who, 0) + billed.long_cash.get(who, 0)
            if theirs != ours:
                self.pairs("annual_cash", who[:2], {who[2]: (ours, theirs)})
        for who, fee in billed.fees.items():
            self.pairs("setup_fees", who[:2], {who[2]: (self.mrr[who], self.mrr[who] + fee)})
        for rule, amounts in (("refunded", billed.refunded), ("bookings", signed)):
            for who, amount in amounts.items():
                self.pairs(rule, who[:2], {who[2]: (0, amount)})

    def result(self, billed: Billed) -> dict[str, Any]:
        """Return what is kept beside the rows."""
        return {
            "at": self.where.at,
            "mrr_micro": self.mrr_micro,
            "usage_micro": self.usage_micro,
            "long_micro": sum(self.long_mrr.values()),
            "wrong": self.wrong,
            "billings_micro": billed.billings,
            "cash_micro": billed.cash,
            "paid_micro": billed.paid,
            "amounts": dict(self.amounts),
            "subscriptions": dict(self.subscriptions),
        }


def check(where: Place) -> None:
    """Run the check on the place's data and keep it with the build."""
    found, shares = Check(where), added_tax(where)
    loaders = {name: Loader(where.organization_id, name) for name in where.connection_ids}
    for connection_id, loader in loaders.items():
        catalogue = loader.shelf.catalogue()
        for some in stored_standing.holding(where.organization_id, loader, where.currency, where.at):
            for customer_id, past in some.items():
                who = (connection_id, customer_id)
                try:
                    found.customer(who, tuple(past), catalogue, shares.get(who, {}))
                except Exception:
                    # The build counts such a customer as nothing and lists it: so does the check.
                    logger.exception("Customer %s could not be checked.", customer_id)
    billed = billed_in(where, {name: loader.shelf.catalogue() for name, loader in loaders.items()})
    found.month(billed, dict(bookings(where, loaders)))
    keep(where, {SUBJECT: found.result(billed)}, found.rows)


def check_named(organization_id: UUID, key: str) -> None:
    """Check what a job's key names: a month and a currency, as `2026-10 eur`."""
    month, currency = key.split()
    where = place(queries.shown(organization_id), parse_month(month), currency)
    if where is not None:
        check(where)
