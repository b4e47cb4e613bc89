"""Run the project's processes together: start them, start again what ends, stop them all."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.children import dies_with_parent

STOP_SECONDS = 20
PAUSE_SECONDS = 1.0
ENDS_ALLOWED, WITHIN_SECONDS = 5, 60.0
SHOWN_LINES = 20


class ProgramFailedError(RuntimeError):
    """Raised where a program ends again and again; the message shows its last words."""


@dataclass(slots=True)
class Program:
    """A command that should run; what it prints is the user's, what it logs goes to its file."""

    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=ENDS_ALLOWED))

    def start(self) -> None:
        """Start in a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Signal the program and everything it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])


class Supervisor:
    """The programs of one run."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note = note
        self.programs: list[Program] = []
        self.stopping = False

    def add(self, program: Program) -> None:
        """Start a program and keep it running."""
        program.start()
        self.programs.append(program)

    def request_stop(self, *_: object) -> None:
        """Ask `run` to return; fit for a signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Start again what ends, until asked to stop."""
        while not self.stopping:
            self.look_after()
            time.sleep(0.1)

    def look_after(self) -> None:
        """Start again each program that has ended, unless it does nothing but end."""
        for program in self.programs:
            if not program.ended():
                continue
            # What the dead program started must not work beside its successor.
            program.signal(signal.SIGKILL)
            at = time.monotonic()
            program.ends.append(at)
            if len(program.ends) == ENDS_ALLOWED and at - program.ends[0] < WITHIN_SECONDS:
                raise ProgramFailedError(
                    f"{program.name} ends again and again; {program.log}:\n{program.last_words()}"
                )
            self.note(f"{program.name} has ended and is started again; {program.log} says why.")
            time.sleep(PAUSE_SECONDS)
            program.start()

    def until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Return once something is ready, looking after the programs; fail when it takes too long."""
        deadline = time.monotonic() + seconds
        while not self.stopping and not ready():
            self.look_after()
            if time.monotonic() > deadline:
                words = "\n".join(f"{program.log}:\n{program.last_words()}" for program in self.programs)
                raise ProgramFailedError(f"{what} is not ready after {seconds:.0f} seconds.\n{words}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask all to end, last started first, and kill what does not or what is left of it."""
        for program in reversed(self.programs):
            if program.process is not None:
                program.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for program in self.programs:
            if program.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    program.process.wait(max(0.0, deadline - time.monotonic()))
        for program in self.programs:
            program.signal(signal.SIGKILL)
            if program.process is not None:
                program.process.wait()
