"""A file's month against ours, customer by customer, each difference with its reason."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from metrics import queries
from metrics.bridge import standing
from metrics.bridge.comparing import Place, keep, place
from metrics.bridge.models import Upload, UploadedAmount
from metrics.bridge.uploads.matching import NOBODY, Match, Who, matched
from metrics.bridge.uploads.reasons import Case, alone, reason
from metrics.build.load import Loader
from metrics.build.rows import Row
from metrics.models import Segment
from metrics.periods import parse_month

logger = logging.getLogger(__name__)

AT_ONCE = 1_000
CHUNK = 500
Amounts = dict[Who, int]


def settle_named(organization_id: UUID, key: str) -> None:
    """Settle what a job's key names: an upload, a month and a currency, as `9f2c… 2026-10 eur`."""
    identity, month, currency = key.split()
    upload = Upload.objects.filter(organization_id=organization_id, id=UUID(identity)).first()
    where = place(queries.shown(organization_id), parse_month(month), currency)
    if upload is not None and where is not None:
        settle(upload, where)


def is_small(upload: Upload, where: Place) -> bool:
    """Say whether a request may wait for the comparison."""
    theirs = UploadedAmount.objects.filter(
        organization_id=upload.organization_id,
        upload_id=upload.id,
        month=where.month,
        currency=where.currency,
    )[: AT_ONCE + 1].count()
    held = standing.count(where.organization_id, where.currency, where.at, AT_ONCE + 1)
    return max(theirs, held) <= AT_ONCE


def settle(upload: Upload, where: Place) -> None:
    """Compare an upload's month with ours and keep it with the build."""
    ours = held(where)
    told = _told(upload, where)
    names = matched(where.organization_id, where.connection_ids, list(told), list(ours))
    theirs: Counter[Who] = Counter()
    rows: list[Row] = []
    lead = (upload.id.hex, where.month, where.currency)
    for name, amount in told.items():
        match = names[name]
        if match.reason:
            rows.append((*lead, match.reason, NOBODY, name, "", 0, amount))
        else:
            theirs[match.connection_id, match.customer_id] += amount
    differing = {
        who: (ours.get(who, 0), theirs[who])
        for who in sorted({*ours, *theirs})
        if ours.get(who, 0) != theirs[who]
    }
    for who, code in _reasons(where, differing):
        rows.append((*lead, code, *who, "", *differing[who]))
    keep(where, {upload.id.hex: _result(ours, told, names, rows)}, rows)


def held(where: Place) -> Amounts:
    """Return each customer's MRR just before the place's instant."""
    at = datetime.fromtimestamp(where.at, UTC)
    found = Segment.objects.filter(
        Q(to_at=None) | Q(to_at__gte=at),
        organization_id=where.organization_id,
        definition_version=where.definition.version,
        build=where.build,
        currency=where.currency,
        from_at__lt=at,
    )
    sums = found.values_list("connection_id", "customer_id").annotate(mrr=Sum("mrr_micro"))
    return {(connection, customer): int(mrr) for connection, customer, mrr in sums if mrr}


def _told(upload: Upload, where: Place) -> dict[str, int]:
    found = UploadedAmount.objects.filter(
        organization_id=upload.organization_id,
        upload_id=upload.id,
        month=where.month,
        currency=where.currency,
    )
    return dict(found.values_list("customer", "amount_micro"))


def _reasons(where: Place, differing: Mapping[Who, tuple[int, int]]) -> Iterator[tuple[Who, str]]:
    by_account: dict[UUID, list[str]] = defaultdict(list)
    for connection_id, customer_id in differing:
        by_account[connection_id].append(customer_id)
    for connection_id, customers in by_account.items():
        loader = Loader(where.organization_id, connection_id)
        rest = iter(customers)
        while some := list(islice(rest, CHUNK)):
            past = standing.whole(where.organization_id, connection_id, some)
            standing.complete(loader, past)
            for customer_id in some:
                who = connection_id, customer_id
                rows, (ours, theirs) = past.get(customer_id, []), differing[who]
                case = Case(
                    rows,
                    loader.shelf.catalogue(),
                    where.definition,
                    where.currency,
                    where.at,
                    ours,
                    theirs,
                )
                yield who, _reason(case, customer_id)


def _reason(case: Case, customer_id: str) -> str:
    try:
        return reason(case)
    except Exception:
        logger.exception("Customer %s could not be compared.", customer_id)
        return alone(case.ours_micro, case.theirs_micro)


def _result(
    ours: Amounts, told: Mapping[str, int], names: Mapping[str, Match], rows: list[Row]
) -> dict[str, Any]:
    """Return the totals and each reason's part; the parts sum to the difference of the totals."""
    amounts: Counter[str] = Counter()
    customers: Counter[str] = Counter()
    for row in rows:
        amounts[row[3]] += row[8] - row[7]
        customers[row[3]] += 1
    meant = {(one.connection_id, one.customer_id) for one in names.values() if not one.reason}
    differing = {(row[4], row[5]) for row in rows}
    return {
        "ours_micro": sum(ours.values()),
        "theirs_micro": sum(told.values()),
        "equal": len({*ours, *meant} - differing),
        "reasons": {
            code: {"amount_micro": amounts[code], "customers": customers[code]} for code in sorted(customers)
        },
    }
