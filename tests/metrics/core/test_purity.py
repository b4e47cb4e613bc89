"""The core and the alert rules stand on the standard library and the core; no float, no clock enters."""

import ast
import sys
from pathlib import Path

import pytest

import metrics.core
from metrics.alerts import rules, series, states

CORE = sorted(Path(metrics.core.__file__).parent.glob("*.py"))
MODULES = [*CORE, *(Path(str(module.__file__)) for module in (rules, series, states))]
PURE = ("metrics.core.", "metrics.alerts.rules.", "metrics.alerts.series.")


def imported(tree: ast.Module) -> set[str]:
    plain = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_pure_module_imports_the_standard_library_and_the_core(module: Path) -> None:
    names = imported(ast.parse(module.read_text()))
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not f"{name}.".startswith(PURE)} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_pure_module_knows_no_float_and_no_clock(module: Path) -> None:
    tree = ast.parse(module.read_text())
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is float
    ]
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    assert called.isdisjoint({"now", "utcnow", "today", "time", "monotonic"})
