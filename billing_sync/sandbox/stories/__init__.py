"""What customers of an invented company do, each a story told in order of time."""

from collections.abc import Mapping

from . import hard, moves, offers, risks, starts, troubles
from .ordinary import Habits, Telling, ordinary

STORIES: Mapping[str, Telling] = {
    "ordinary": ordinary,
    **{story.__name__: story for story in (*moves.STORIES, *starts.STORIES)},
    **offers.STORIES,
    **troubles.STORIES,
    **hard.STORIES,
}
# A mix may name these too; they never end, and are in no company that holds each story once.
TELLINGS: Mapping[str, Telling] = {**STORIES, **risks.STORIES}
PLAIN: Mapping[str, int] = {"ordinary": 1}
FULL: Mapping[str, int] = {**dict.fromkeys(STORIES, 1), "ordinary": 60}
DEMO: Mapping[str, int] = {"ordinary": 70, **dict.fromkeys(risks.STORIES, 6)}
BUSY: Mapping[str, int] = {"ordinary": 94, "weekly": 6}
BUSY_HABITS = Habits(
    terms=(("monthly", 1),), cancel_now=4, cancel_at_period_end=6, returns=90, billed_at_once=100
)
BUSINESSES: Mapping[str, tuple[Mapping[str, int], Habits]] = {
    "plain": (PLAIN, Habits()),
    "full": (FULL, Habits()),
    "demo": (DEMO, Habits()),
    "busy": (BUSY, BUSY_HABITS),
}

__all__ = [
    "BUSINESSES",
    "BUSY",
    "BUSY_HABITS",
    "DEMO",
    "FULL",
    "PLAIN",
    "STORIES",
    "TELLINGS",
    "Habits",
    "Telling",
]
