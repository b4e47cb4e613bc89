"""Pauses of collection, and subscriptions that wait for a card."""

from msgspec.structs import replace

from .life import Life
from .records import Subscription
from .subscribing import start_period_now


def pause(life: Life, name: str, behavior: str) -> None:
    """Pause collection; revenue stops when the period already paid has ended."""
    subscription = replace(life.subscription(name), pause_behavior=behavior)
    life.save_subscription(subscription)
    life.ledger.only_events_tell(name, life.now, "paused")
    until = subscription.items[0].period_end
    life.at(until, lambda: _stop(life, life.subscription(name)))


def _stop(life: Life, subscription: Subscription) -> None:
    if subscription.pause_behavior is not None:
        life.stop_counting(subscription)


def resume(life: Life, name: str) -> None:
    """Collect again, and count again from now."""
    subscription = replace(life.subscription(name), pause_behavior=None)
    life.save_subscription(subscription)
    life.ledger.only_events_tell(name, life.now, "resumed")
    if subscription.ended_at is None:
        life.count_from(subscription, life.now)


def add_card(life: Life, name: str) -> None:
    """Let a subscription that waited for a card go on, paid from now."""
    life.card_missing = False
    start_period_now(life, name, "subscription_cycle", status="active")
