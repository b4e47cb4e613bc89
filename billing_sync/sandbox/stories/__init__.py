"""What customers of an invented company do, each a story told in order of time."""

from collections.abc import Mapping

from . import moves, offers, starts, troubles
from .ordinary import Habits, Telling, ordinary

STORIES: Mapping[str, Telling] = {
    "ordinary": ordinary,
    **{story.__name__: story for story in (*moves.STORIES, *starts.STORIES)},
    **offers.STORIES,
    **troubles.STORIES,
}
PLAIN: Mapping[str, int] = {"ordinary": 1}
FULL: Mapping[str, int] = {**dict.fromkeys(STORIES, 1), "ordinary": 60}

__all__ = ["FULL", "PLAIN", "STORIES", "Habits", "Telling"]
