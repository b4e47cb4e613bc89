"""What `make bench` measures, and the memory that a worker may take."""

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accounts.models import Organization
from benchmarks import machine, usage, watched
from benchmarks.__main__ import main, options, turns
from benchmarks.processes import sandbox
from benchmarks.request_rate import Rate, rate_permitted, row
from benchmarks.sync import told, walk
from tests.soak import sized

CUSTOMERS = sized(120, 20_000)
ALLOWED_BYTES = 500 * 10**6
HOLD = "held = bytearray(b'1') * 10**8; print(len(held), flush=True); input()"


@pytest.mark.soak
def test_a_worker_imports_and_computes_a_company_in_less_than_500_megabytes(
    organization: Organization, record_property: Callable[[str, object], None]
) -> None:
    with sandbox(CUSTOMERS) as base_url:
        found = walk(organization.slug, base_url)
    assert found.held["customer"] == CUSTOMERS
    assert 10**8 < found.together_bytes < ALLOWED_BYTES
    whole = found.all()
    assert [stage.name for stage in found.stages] == ["import", "compute"]
    assert sum(stage.seconds for stage in found.stages) == pytest.approx(whole.seconds)
    assert f"{whole.seconds * 1_000 / found.objects:.3f}" in "\n".join(told(found, latency=0))
    for name, count in found.held.items():
        record_property(f"{name}s", count)
    record_property("MB at most", found.together_bytes // 10**6)
    record_property("seconds per 1,000 objects", round(whole.seconds * 1_000 / found.objects, 3))
    record_property("share of it waiting for the API", whole.share(watched.API))


def test_the_peak_of_memory_counts_what_a_child_holds() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "100000000\n"
        with usage.Memory(child.pid) as memory:
            pass
        child.communicate("\n")
    assert min(memory.together, memory.largest) > 10**8


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["synk"], "synk: choose from sync, "),
        (["--customers", "0"], "--customers starts at 1"),
        (["--latency", "-5"], "--latency at 0"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        options(arguments)
    assert refused.value.code == 2
    assert why in capsys.readouterr().err


def test_each_size_has_servers_of_its_own_unless_sizes_are_compared() -> None:
    assert turns("pages", None) == [(10_000,), (1_000_000,)]
    assert turns("computing", None) == [(10_000, 100_000, 1_000_000)]
    assert turns("pages", 50) == turns("computing", 50) == [(50,)]


@pytest.mark.parametrize(
    ("requests", "worker_cpu", "machine_cpu", "bound"),
    [
        (950, 5.0, 20.0, "the API's limit"),
        (890, 18.0, 20.0, "our CPU"),
        (890, 5.0, 20.0, "the machine: we had 25% of its CPU"),
        (890, 5.0, 10.0, "neither: it waited"),
    ],
)
def test_a_rate_says_what_bounds_it(
    requests: int, worker_cpu: float, machine_cpu: float, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    found = Rate("live", 100, requests + 7, 10.0, 7, 90_000, worker_cpu, machine_cpu)
    assert found.bound == bound
    assert f"| {requests / 10:.1f} | {requests / 1_000:.0%} | 7 | 9,000 |" in row(found)


def test_the_longest_list_bounds_what_is_permitted() -> None:
    assert (
        rate_permitted({"GET invoices": 30, "GET events": 30, "GET charges": 30, "GET refunds": 30}, 100)
        == 100
    )
    assert rate_permitted({"GET invoices": 75, "GET events": 25}, 100) == 100 / 3
    assert rate_permitted({"GET invoices": 75, "GET events": 25}, 25) == 25


WAITING = [("threading", "wait"), ("concurrent.futures._base", "result")]
ASKING = [("socket", "readinto"), ("concurrent.futures.thread", "run")]
PAUSING = [("billing_sync.stripe_client", "_rest"), ("concurrent.futures.thread", "run")]
PARSING = [("billing_sync.payload", "decode_object"), ("concurrent.futures.thread", "run")]


@pytest.mark.parametrize(
    ("job", "others", "state"),
    [
        ([("psycopg.connection", "wait"), ("metrics.build.load", "fetch")], [], watched.DATABASE),
        ([("metrics.core.history", "history")], [], watched.COMPUTING),
        ([("urllib3.connection", "getresponse"), ("billing_sync.reading", "read_one")], [], watched.API),
        (WAITING, [ASKING], watched.API),
        (WAITING, [PAUSING], watched.API),
        (WAITING, [ASKING, PARSING], watched.COMPUTING),
    ],
)
def test_a_look_tells_waiting_for_the_api_from_work(
    job: watched.Stack, others: list[watched.Stack], state: str
) -> None:
    assert watched.state(job, others) == state


def test_a_run_that_fails_keeps_what_it_has_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def failing(_given: Namespace, _at: object) -> Iterator[str]:
        yield "measured"
        raise RuntimeError("A library is missing.")

    monkeypatch.setattr("benchmarks.__main__.written", failing)
    monkeypatch.setattr(machine, "REPORTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "sync", "--save"])
    with pytest.raises(RuntimeError, match="library"):
        main()
    (report,) = tmp_path.iterdir()
    assert report.read_text() == "measured\nThe run ended here, before its end.\n"
