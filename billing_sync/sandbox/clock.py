"""The sandbox's clock: frozen until told otherwise, or running with real time."""

import time
from datetime import datetime

from .company import Company
from .errors import ApiError


class Clock:
    """Move a company on; a running clock keeps pace with real time from where it stands."""

    def __init__(self, company: Company, running: bool = False) -> None:
        self._company = company
        self._ahead = company.now - int(time.time()) if running else None

    @property
    def running(self) -> bool:
        """Return whether the clock runs by itself."""
        return self._ahead is not None

    def tick(self) -> None:
        """Play what has become due."""
        if self._ahead is None:
            return
        now = int(time.time()) + self._ahead
        if now > self._company.now:
            self._company.advance(now)

    def set(self, now: int) -> None:
        """Move on to an instant; going back is refused."""
        if now < self._company.now:
            raise ApiError(
                400, f"The clock runs forward only: {now} is before {self._company.now}.", param="now"
            )
        self._company.advance(now)
        if self._ahead is not None:
            self._ahead = now - int(time.time())

    def push(self, seconds: int) -> None:
        """Move on by some seconds."""
        if seconds:
            self.set(self._company.now + seconds)


def instant(value: object) -> int:
    """Read an instant given as Unix seconds or as ISO 8601 with a zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            at = None
        if at is not None and at.tzinfo is not None:
            return int(at.timestamp())
    raise ApiError(400, "Give `now` as Unix seconds or as ISO 8601 with a time zone.", param="now")
