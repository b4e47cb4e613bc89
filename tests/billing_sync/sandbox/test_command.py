"""`manage.py sandbox` serves an account from the command line."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing_sync.sandbox.company import LARGE
from tests.billing_sync.sandbox.asking import control
from tests.billing_sync.sandbox.conftest import client_of

ROOT = Path(__file__).parents[3]
ASKED = ("--port", "0", "--customers", "5", "--seed", "7")


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "manage.py", "sandbox", *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, env=os.environ)
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    found = re.search(r"http://\S+", process.stderr.readline())
    assert found is not None
    return found.group()


def test_it_serves_writes_the_truth_and_every_event_and_stops_when_asked(tmp_path: Path) -> None:
    written, told = tmp_path / "truth.json", tmp_path / "events.jsonl"
    files = ("--truth", str(written), "--events", str(told))
    with started(*ASKED, "--now", "2026-11-01T00:00:00Z", *files) as process:
        client = client_of(address(process))
        found = {customer.id for customer in client.v1.customers.list().data}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert json.loads(written.read_text())["customers"].keys() <= found
    assert len(found) == 5
    events = [json.loads(line) for line in told.read_text().splitlines()]
    assert {event["object"] for event in events} == {"event"}
    assert [event["created"] for event in events] == sorted(event["created"] for event in events)


def test_it_stops_when_asked_while_it_waits_for_a_webhook_to_be_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(10)
        with started(*ASKED, "--now", "2026-11-01T00:00:00Z") as process:
            base_url = address(process)
            control(base_url, "webhooks", {"url": f"http://127.0.0.1:{mute.getsockname()[1]}/"})
            control(base_url, "clock", {"now": "2027-02-01T00:00:00Z"})
            with mute.accept()[0]:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=5) == 0


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    small = (1 << 18, 1 << 18)
    asked = ("--port", "0", "--customers", str(LARGE), "--seed", "7")
    ended = subprocess.run(
        [sys.executable, "manage.py", "sandbox", *asked],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, small),
    )
    assert ended.returncode == 1
    assert f"no room left in {tmp_path}: {LARGE} customers need up to 1 GB there" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--faults", "boredom=5"), "'boredom=5' is no fault"),
        (("--faults", "limits=mine"), "limits=mine: choose from live, test"),
        (("--now", "soon"), "--now is no date: soon"),
        (("--founded", "2099-01-01"), "--founded must lie before --now"),
        (("--customers", "-1"), "--customers must not be negative"),
    ],
)
def test_a_bad_argument_says_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        call_command("sandbox", *ASKED, *arguments)
    assert refused.value.returncode == 2
