"""What has grown too long holds two ideas."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.environment import PROJECT

ROOMS = ["config", "accounts", "billing_sync", "metrics", "dashboards", "tests"]
MODULE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 300, 40, 80


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in (PROJECT / room).rglob("*.py") if path.parent.name != "migrations")


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path.relative_to(PROJECT)}: {node.name} has {length} lines"


def longer(paths: Iterable[Path], limit: int) -> list[str]:
    return [f"{path.relative_to(PROJECT)}: {lines(path)}" for path in paths if lines(path) > limit]


def test_no_module_is_too_long() -> None:
    assert longer(modules(), MODULE_LINES) == []


def test_no_function_is_too_long() -> None:
    assert [found for path in modules() for found in long_functions(path)] == []


def test_no_template_is_too_long() -> None:
    assert longer((PROJECT / "templates").rglob("*.*"), TEMPLATE_LINES) == []
