"""What was spent, and what was won, month by month and channel by channel; and the rows of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from metrics.evidence.pages import PAGE, fetched

SPENT = """
SELECT month, channel, currency, amount_micro FROM metrics_spend
WHERE organization_id = %(organization)s AND file_id = %(file)s AND month BETWEEN %(first)s AND %(last)s
"""
WON = """
SELECT NULL, currency, cohort, month, net_micro, joined FROM metrics_cohortchange
WHERE organization_id = %(organization)s AND dimension = 'month' AND value = ''
  AND cohort BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT channel, currency, month, month, base_micro, joined FROM metrics_channelcohort
WHERE organization_id = %(organization)s AND month BETWEEN %(first)s AND %(last)s
"""
SPEND_ROWS = """
SELECT month, channel, currency, amount_micro FROM metrics_spend
WHERE organization_id = %(organization)s AND file_id = %(file)s AND currency = %(currency)s
  AND month BETWEEN %(first)s AND %(last)s {only} {beyond}
ORDER BY month, channel LIMIT %(limit)s
"""
SPEND_TOTAL = """
SELECT coalesce(sum(amount_micro), 0) FROM metrics_spend
WHERE organization_id = %(organization)s AND file_id = %(file)s AND currency = %(currency)s
  AND month BETWEEN %(first)s AND %(last)s {only}
"""
CUSTOMER_ROWS = """
SELECT page.month, page.connection_id, page.customer_id, page.base_micro,
    coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
FROM (
    SELECT member.month, member.connection_id, member.customer_id, member.base_micro
    FROM metrics_cohortmember AS member
    LEFT JOIN metrics_customerchannel AS known ON known.organization_id = member.organization_id
        AND known.connection_id = member.connection_id AND known.customer_id = member.customer_id
    WHERE member.organization_id = %(organization)s AND member.currency = %(currency)s
      AND member.month BETWEEN %(first)s AND %(last)s AND coalesce(known.channel, '') = %(channel)s {beyond}
    ORDER BY member.month, member.connection_id, member.customer_id LIMIT %(limit)s
) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY page.month, page.connection_id, page.customer_id
"""
CUSTOMER_TOTAL = """
SELECT coalesce(sum(base_micro), 0), coalesce(sum(joined), 0)::bigint FROM metrics_channelcohort
WHERE organization_id = %(organization)s AND currency = %(currency)s AND channel = %(channel)s
  AND month BETWEEN %(first)s AND %(last)s
"""


@dataclass(frozen=True, slots=True)
class Window:
    """The months of cohorts that a page tells of, and the table of spend in force."""

    organization_id: UUID
    file_id: UUID
    first: date
    last: date

    def bound(self) -> dict[str, Any]:
        """Return what the statements bind."""
        names = {"organization": self.organization_id, "file": self.file_id}
        return names | {"first": self.first, "last": self.last}


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on a channel in a month, in one currency."""

    month: date
    channel: str
    currency: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Held:
    """By what a cohort's MRR changed by a month's end, and who joined it then."""

    currency: str
    cohort: date
    month: date
    net_micro: int
    joined: int


@dataclass(frozen=True, slots=True)
class ByChannel:
    """What the customers of one channel began with in a month."""

    channel: str
    currency: str
    month: date
    base_micro: int
    joined: int


def spent(window: Window) -> list[Spent]:
    """Return the spend of each month and channel."""
    return [
        Spent(on, channel, code, int(amount)) for on, channel, code, amount in fetched(SPENT, window.bound())
    ]


def won(window: Window) -> tuple[list[Held], list[ByChannel]]:
    """Return the changes of every cohort, and what each channel's cohorts began with."""
    held, by_channel = [], []
    for channel, code, cohort, month, amount, joined in fetched(WON, window.bound()):
        if channel is None:
            held.append(Held(code, cohort, month, int(amount), int(joined)))
        else:
            by_channel.append(ByChannel(channel, code, cohort, int(amount), int(joined)))
    return held, by_channel


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows and one more, and what all of them come to; `count` where it is kept."""

    rows: Sequence[tuple[Any, ...]]
    total_micro: int
    count: int | None = None


def spend_rows(window: Window, currency: str, channel: str | None, after: tuple[date, str] | None) -> Rows:
    """Return the rows of a table of spend in a currency, of one channel or all."""
    only = "" if channel is None else "AND channel = %(channel)s"
    bound = window.bound() | {"currency": currency, "channel": channel, "limit": PAGE + 1}
    beyond = "AND (month, channel) > (%(month)s, %(name)s)" if after else ""
    bound |= {"month": after[0], "name": after[1]} if after else {}
    ((total,),) = fetched(SPEND_TOTAL.format(only=only), bound)
    return Rows(fetched(SPEND_ROWS.format(only=only, beyond=beyond), bound), int(total))


def customer_rows(window: Window, currency: str, channel: str, after: tuple[date, UUID, str] | None) -> Rows:
    """Return the customers of a channel who began in a window's months."""
    bound = window.bound() | {"currency": currency, "channel": channel, "limit": PAGE + 1}
    beyond = ""
    if after:
        beyond = (
            "AND (member.month, member.connection_id, member.customer_id) > (%(month)s, %(id)s, %(name)s)"
        )
        bound |= {"month": after[0], "id": after[1], "name": after[2]}
    ((total, count),) = fetched(CUSTOMER_TOTAL, bound)
    return Rows(fetched(CUSTOMER_ROWS.format(beyond=beyond), bound), int(total), int(count))
