"""The definition of MRR as data: every choice an organization may make, with its default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of an organization's rules; `past_due_grace_days` None lets past_due count for ever."""

    version: int = 1
    time_zone: str = "UTC"
    past_due_grace_days: int | None = None
    require_first_payment: bool = True
    usage: str = "exclude"
    discounts: str = "forever_and_repeating"
    paused_counts: bool = False
    churn_at: str = "end_of_paid_term"
    refunds_netted_out: bool = True
    movement_window: str = "day"
