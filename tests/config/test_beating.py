"""The beat: it sends what wakes due work, and bears a Redis that does not answer."""

import os
import signal
import subprocess
import sys

from accounts.tasks import sweep
from config.beating import SWEEP
from config.celery import app
from tests.environment import PROJECT


def test_the_task_that_the_beat_sends_is_the_sweep() -> None:
    assert sweep.name == SWEEP
    assert SWEEP in app.tasks


def test_a_redis_that_does_not_answer_is_told_and_tried_again_until_a_signal() -> None:
    nobody = {**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "SWEEP_SECONDS": "1"}
    command = [sys.executable, "-m", "config.beating"]
    with subprocess.Popen(command, cwd=PROJECT, env=nobody, stderr=subprocess.PIPE, text=True) as beating:
        assert beating.stderr is not None
        told = [beating.stderr.readline(), beating.stderr.readline()]
        beating.send_signal(signal.SIGTERM)
        assert beating.wait(20) == 0
    assert all(line.startswith("Redis did not take the sweep") for line in told)
