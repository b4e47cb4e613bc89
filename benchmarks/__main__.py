"""Measure the hot paths: `python -m benchmarks [NAME…] [--customers N] [--latency MS] [--save]`."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    alerts,
    audit,
    computing,
    dashboard_rate,
    definition,
    increment,
    ingest,
    lighthouse,
    machine,
    pages,
    request_rate,
    sync,
    valuation,
    webhooks,
)
from benchmarks.sandbox_scale import sandbox_scale, told
from config.embedded.attach import servers_for

Entry = Callable[[argparse.Namespace], Iterator[str]]
ENTRIES: Mapping[str, Entry] = {
    "sync": sync.report,
    "ingest": ingest.report,
    "requests": request_rate.report,
    "webhooks": webhooks.report,
    "alerts": alerts.report,
    "definition": definition.report,
    "valuation": valuation.report,
    "computing": computing.report,
    "audit": audit.report,
    "increment": increment.report,
    "pages": pages.report,
    "dashboard": dashboard_rate.report,
    "lighthouse": lighthouse.report,
    "sandbox": lambda given: (f"    {line}" for line in told(sandbox_scale(given.customers))),
}
# How large a company each is told of, one after the other; what is not named here has one size alone.
SIZES: Mapping[str, Sequence[int]] = {
    "sync": (2_000,),
    "computing": (10_000, 100_000, 1_000_000),
    "audit": (1_000_000,),
    "increment": (10_000, 1_000_000),
    "pages": (10_000, 1_000_000),
    "dashboard": (10_000,),
}
USUAL = (20_000,)
# Sizes that one report compares.
TOGETHER = ("computing",)
# It fetches a program of hundreds of packages, so nobody gets it unasked.
BY_NAME = ("lighthouse",)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, or the arguments given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(ENTRIES)}; default all but {', '.join(BY_NAME)}",
    )
    parser.add_argument("--customers", type=int, help="how large a company, instead of each entry's sizes")
    parser.add_argument("--organizations", type=int, default=2_000, help="whose rules to judge (2000)")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds that the API thinks longer")
    parser.add_argument("--save", action="store_true", help="keep the report under benchmarks/reports")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(ENTRIES):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(ENTRIES)}")
    if (given.customers is not None and given.customers < 1) or given.latency < 0:
        parser.error("--customers starts at 1, --latency at 0")
    return given


def main() -> None:
    """Print what is found as it is found; with `--save` keep it, also where a later entry fails."""
    given, at = options(), datetime.now(UTC)
    lines: list[str] = []
    try:
        for line in written(given, at):
            lines.append(line)
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    except BaseException:
        lines.append("The run ended here, before its end.")
        raise
    finally:
        if given.save:
            machine.REPORTS.mkdir(parents=True, exist_ok=True)
            (machine.REPORTS / f"{at:%Y-%m-%d-%H%M}-bench.md").write_text("\n".join([*lines, ""]))


def written(given: argparse.Namespace, at: datetime) -> Iterator[str]:
    """Yield the lines of the report."""
    begun = time.monotonic()
    yield f"# Benchmarks of {at:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield machine.described()
    yield f"{machine.versions()}."
    for name in given.names or [name for name in ENTRIES if name not in BY_NAME]:
        yield from ("", f"## {name}", "")
        for sizes in turns(name, given.customers):
            yield from measured(name, given, sizes)
    yield from ("", f"All of it took {(time.monotonic() - begun) / 60:.0f} minutes.")


def turns(name: str, customers: int | None) -> Sequence[Sequence[int]]:
    """Return the sizes of company of each turn of an entry."""
    sizes = SIZES.get(name, USUAL) if customers is None else (customers,)
    return [sizes] if name in TOGETHER else [(size,) for size in sizes]


def measured(name: str, given: argparse.Namespace, sizes: Sequence[int]) -> Iterator[str]:
    """Yield what one turn of an entry finds on servers of its own, and how long all that took."""
    begun = time.monotonic()
    with servers():
        yield from ENTRIES[name](argparse.Namespace(**{**vars(given), "customers": sizes[0], "sizes": sizes}))
    yield from ("", f"This took {time.monotonic() - begun:.0f} s.", "")


@contextmanager
def servers() -> Iterator[None]:
    """Start servers in a directory of their own; nothing stays of what was written there."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as directory:
        os.environ["DATA_DIR"] = str(Path(directory) / "data")
        with servers_for(["bench"]):
            yield


if __name__ == "__main__":
    main()
