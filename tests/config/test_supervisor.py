import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import supervisor as module
from config.supervisor import Program, ProgramFailedError, Supervisor

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def supervisor(notes: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    made = Supervisor(notes.append)
    yield made
    made.stop()


def program(tmp_path: Path, line: str) -> Program:
    return Program("it", [sys.executable, "-c", line], tmp_path / "it.log")


def test_a_program_that_ends_is_started_again(
    supervisor: Supervisor, notes: list[str], tmp_path: Path
) -> None:
    sleeper = program(tmp_path, "import time; time.sleep(60)")
    supervisor.add(sleeper)
    assert sleeper.process is not None
    first = sleeper.process
    first.kill()
    first.wait()
    supervisor.look_after()
    assert sleeper.process.pid != first.pid
    assert sleeper.process.poll() is None
    assert notes == [f"it has ended and is started again; {sleeper.log} says why."]


def test_a_program_that_does_nothing_but_end_fails_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.add(program(tmp_path, "import sys; sys.exit('no luck')"))
    with pytest.raises(ProgramFailedError, match="no luck"):
        supervisor.run()


def test_a_program_that_is_not_ready_in_time_is_named(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "import time; time.sleep(60)"))
    with pytest.raises(ProgramFailedError, match="The web server is not ready"):
        supervisor.until(lambda: False, "The web server", seconds=0.1)


def test_a_program_that_will_not_end_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    stubborn = program(tmp_path, STUBBORN)
    supervisor.add(stubborn)
    time.sleep(0.2)
    supervisor.stop()
    assert stubborn.ended()


def test_a_stop_asked_for_ends_the_watch(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "import time; time.sleep(60)"))
    supervisor.request_stop()
    supervisor.run()
    supervisor.stop()
    assert all(one.ended() for one in supervisor.programs)
