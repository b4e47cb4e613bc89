"""Wake the sweep every few seconds, without the apps that Celery's own beat loads: a third of its memory."""

import signal
import sys
from threading import Event
from types import FrameType

from django.conf import settings
from kombu.exceptions import OperationalError

from config.celery import app

SWEEP = "accounts.tasks.sweep"


def main() -> None:
    """Send the sweep's task until told to stop; while Redis does not answer, the next turn tries again."""
    stopped = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while not stopped.is_set():
        beat()
        stopped.wait(settings.SWEEP_SECONDS)


def beat() -> bool:
    """Send one task, which nobody works off later than the next; say whether it was taken."""
    try:
        app.send_task(SWEEP, expires=settings.SWEEP_SECONDS)
    except OperationalError as error:
        sys.stderr.write(f"Redis did not take the sweep: {error}\n")
        return False
    return True


if __name__ == "__main__":
    main()
