"""A Celery worker that looks at itself twenty times a second: does it compute, or wait, and for whom?

While a job is at work, each look finds its process in one of three states. It waits for the API where the
job waits for a request and no request's thread is doing anything but reading its connection or keeping to
Stripe's limits; it waits for the database where the job waits for an answer of PostgreSQL; otherwise
it computes, or would if it had a core.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from celery.signals import worker_process_init

from config.celery import app

__all__ = ["API", "COMPUTING", "DATABASE", "DIRECTORY", "app", "looks", "state"]

DIRECTORY = "WATCHED_DIRECTORY"
API, DATABASE, COMPUTING = "api", "database", "computing"
PAUSE_SECONDS, LOOKS_BETWEEN_NOTES = 0.05, 10
JOB = ("accounts.jobs", "_work")
READING = ("socket", "ssl", "urllib3", "http.client")
Stack = list[tuple[str, str]]
RESTING = {
    ("concurrent.futures.thread", "_worker"),
    ("billing_sync.stripe_client", "_rest"),
    ("billing_sync.limits", "wait"),
}


def looks(directory: Path) -> Counter[str]:
    """Return what the looks of every process have found so far."""
    found: Counter[str] = Counter()
    for file in directory.glob("*.json"):
        found.update(json.loads(file.read_text()))
    return found


@worker_process_init.connect
def watch(**_: object) -> None:
    """Look at this process of the worker's pool from a thread of its own."""
    threading.Thread(target=_watch, args=(threading.get_ident(),), daemon=True).start()


def _watch(job_thread: int) -> None:
    found: Counter[str] = Counter()
    note = Path(os.environ[DIRECTORY]) / f"{os.getpid()}.json"
    draft = note.with_suffix(".draft")
    own = threading.get_ident()
    while True:
        for _ in range(LOOKS_BETWEEN_NOTES):
            time.sleep(PAUSE_SECONDS)
            frames = sys._current_frames()
            job = _stack(frames[job_thread])
            if JOB in job:
                others = [_stack(frame) for ident, frame in frames.items() if ident not in (job_thread, own)]
                found[state(job, others)] += 1
        draft.write_text(json.dumps(found))
        draft.replace(note)


def _stack(frame: FrameType | None) -> Stack:
    """Return module and function of each frame, innermost first."""
    stack = []
    while frame is not None:
        stack.append((str(frame.f_globals.get("__name__")), frame.f_code.co_name))
        frame = frame.f_back
    return stack


def state(job: Stack, others: Iterable[Stack]) -> str:
    """Return what a job waits for by the stack of its thread and those of the others, innermost first."""
    if job[0][0].startswith("psycopg") and job[0][1].startswith("wait"):
        return DATABASE
    if _reading(job):
        return API
    waiting = any(module.startswith("concurrent.futures") for module, _ in job[:4])
    fetching = [stack for stack in others if _fetches(stack)]
    return API if waiting and all(_reading(stack) for stack in fetching) else COMPUTING


def _fetches(stack: Stack) -> bool:
    return any(module == "concurrent.futures.thread" for module, _ in stack)


def _reading(stack: Stack) -> bool:
    return stack[0] in RESTING or stack[0][0].startswith(READING)
