"""What a measurement ran on: the head of every report."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
REPORTS = PROJECT / "benchmarks" / "reports"
LIBRARIES = ("django", "psycopg", "celery", "stripe", "msgspec", "zstandard")


def described() -> str:
    """Return the commit and the machine in one sentence."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Commit `{commit()}`; {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}."
    )


def versions() -> str:
    """Return the versions of the libraries that do the work."""
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def commit() -> str:
    """Return the commit, marked where the tree has changes, or that it is unknown."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
