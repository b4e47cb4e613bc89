"""What Lighthouse says of the dashboard, at its desktop preset; npm fetches it, for whoever asks by name."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.dashboard_rate import listens, signed_in
from benchmarks.machine import PROJECT
from benchmarks.pages import SLUG, made
from benchmarks.processes import started, until
from config.embedded.children import free_port, stop

PACKAGE = "lighthouse@12.8.2"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 120
MEASURES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index")


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield the scores, and the times behind that of performance."""
    yield from made(given.customers)
    yield ""
    port = free_port()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-lighthouse-")))
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "config.wsgi:application"]
        web = started(command, directory / "web.log")
        stack.callback(stop, web)
        until(lambda: listens(port), web, directory / "web.log", START_SECONDS)
        found = judged(f"http://localhost:{port}/o/{SLUG}/", signed_in(), directory)
    for name, category in found["categories"].items():
        yield f"- {name}: {category['score'] * 100:.0f}"
    for name in MEASURES:
        yield f"- {name.replace('-', ' ')}: {found['audits'][name]['displayValue']}"


def judged(url: str, cookie: str, directory: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Run Lighthouse in the system's Chromium as who holds a cookie, and return its report."""
    headers, written = directory / "headers.json", directory / "report.json"
    headers.write_text(json.dumps({"Cookie": cookie}))
    npm = PROJECT / ".venv" / "node" / "npm"
    command = [str(npm), "exec", "--yes", f"--package={PACKAGE}", "--", "lighthouse", url, "--preset=desktop"]
    command += ["--only-categories=performance,accessibility", "--output=json", f"--output-path={written}"]
    command += [f"--extra-headers={headers}", "--chrome-flags=--headless=new --no-sandbox", "--quiet"]
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), "")
    environment = {**os.environ, "CHROME_PATH": chromium}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr)
    report: dict[str, dict[str, dict[str, float]]] = json.loads(written.read_text())
    return report
