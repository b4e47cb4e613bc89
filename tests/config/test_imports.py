"""Imports point one way, and a few modules alone may know certain things."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import PROJECT

ROOMS = ["config", "accounts", "billing_sync", "metrics", "dashboards"]
SHIPPED = [*ROOMS, "templates", "static/src", "static/css", "docs", "Makefile", "README.md", "pyproject.toml"]
# Django's entry points name the rooms they join.
WIRING = {"config/urls.py", "config/wsgi.py"}


def modules(room: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((PROJECT / room).rglob("*.py")):
        yield str(path.relative_to(PROJECT)), ast.parse(path.read_text())


def imported(name: str, tree: ast.Module) -> Iterator[str]:
    """Yield the full names that a module imports, relative ones resolved."""
    package = name.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


def wrong_ways(files: Iterator[tuple[str, ast.Module]], allowed: set[str]) -> list[str]:
    others = set(ROOMS) - allowed
    return [
        f"{name} imports {target}"
        for name, tree in files
        if name not in WIRING
        for target in imported(name, tree)
        if target.split(".")[0] in others
    ]


def test_no_room_imports_one_above_it() -> None:
    found = [
        wrong
        for level, room in enumerate(ROOMS)
        for wrong in wrong_ways(modules(room), set(ROOMS[: level + 1]))
    ]
    assert found == []


def test_an_import_against_the_direction_would_be_seen() -> None:
    tree = ast.parse("from metrics import queries\nimport dashboards.views")
    assert len(wrong_ways(iter([("accounts/x.py", tree)]), {"config", "accounts"})) == 2


def test_neither_the_product_nor_a_benchmark_imports_the_tests() -> None:
    # Their first import sets the environment of a test run, Stripe's limits on requests among it.
    found = [
        f"{name} imports {target}"
        for room in (*ROOMS, "benchmarks")
        for name, tree in modules(room)
        for target in imported(name, tree)
        if target.split(".")[0] == "tests"
    ]
    assert found == []


def test_the_core_imports_the_standard_library_alone() -> None:
    found = [
        f"{name} imports {target}"
        for name, tree in modules("metrics/core")
        for target in imported(name, tree)
        if not target.startswith("metrics.core") and target.split(".")[0] not in sys.stdlib_module_names
    ]
    assert found == []


def test_one_module_imports_stripe() -> None:
    found = [
        name
        for room in ROOMS
        for name, tree in modules(room)
        if any(target.split(".")[0] == "stripe" for target in imported(name, tree))
    ]
    assert found == ["billing_sync/stripe_client.py"]


def test_the_sandbox_knows_nothing_of_the_metrics_or_the_mirror() -> None:
    found = [
        f"{name} imports {target}"
        for name, tree in modules("billing_sync/sandbox")
        for target in imported(name, tree)
        if target.split(".")[0] in ROOMS and not target.startswith("billing_sync.sandbox")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("config.embedded.keeper", ("celery", "redis", "django")),
        ("config.management.commands.up", ("celery", "redis", "accounts")),
        ("billing_sync.management.commands.sandbox", ("celery", "redis", "billing_sync.models")),
    ],
)
def test_what_stays_while_all_runs_loads_little(module: str, heavy: tuple[str, ...]) -> None:
    looked = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", looked]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_no_module_but_the_tests_names_what_lies_beside_the_project() -> None:
    outside = "../" + "shared"
    names = [
        *ROOMS,
        "templates",
        "static/src",
        "static/css",
        "docs",
        "Makefile",
        "README.md",
        "pyproject.toml",
    ]
    found = [str(path) for name in names for path in files(PROJECT / name) if outside in path.read_text()]
    assert found == []


def files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    texts = {".py", ".html", ".js", ".css", ".md", ".txt", ".json", ".toml"}
    return [file for file in path.rglob("*") if file.suffix in texts]
