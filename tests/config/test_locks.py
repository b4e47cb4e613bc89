"""The lock files pin what the project asks for, with hashes, and name no registry."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environment import PROJECT

LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock", "requirements-uv.lock"]
# A version that no requirement asks for.
MISSING = "0.dev0"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall((PROJECT / lock).read_text())}


def asked() -> tuple[list[Requirement], list[Requirement]]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    runtime, development = project["dependencies"], project["optional-dependencies"]["dev"]
    return [Requirement(text) for text in runtime], [Requirement(text) for text in development]


def unmet(requirements: list[Requirement], lock: str) -> list[str]:
    pins = pinned(lock)
    return [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), MISSING))
    ]


def test_the_runtime_lock_holds_every_dependency() -> None:
    assert unmet(asked()[0], "requirements.lock") == []


def test_the_development_lock_holds_every_dependency() -> None:
    runtime, development = asked()
    assert unmet(runtime + development, "requirements-dev.lock") == []


def test_the_lock_of_benchmarks_holds_what_they_compare_with() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    rivals = [Requirement(text) for text in project["optional-dependencies"]["bench"]]
    assert unmet(rivals, "requirements-bench.lock") == []
    development, bench = pinned("requirements-dev.lock"), pinned("requirements-bench.lock")
    assert {name: bench.get(name) for name in development} == development


def test_both_locks_pin_the_same_versions() -> None:
    development = pinned("requirements-dev.lock")
    assert {name: development.get(name) for name in pinned("requirements.lock")} == pinned(
        "requirements.lock"
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    parts = re.split(r"\n(?=[a-z0-9])", (PROJECT / lock).read_text())
    assert [part.split()[0] for part in parts if "--hash=sha256:" not in part] == []


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_no_lock_names_a_registry(lock: str) -> None:
    assert (
        re.findall(r"\w+://\S+|--index-url|--extra-index-url|--find-links", (PROJECT / lock).read_text())
        == []
    )


def test_the_script_lock_is_in_step_with_its_package() -> None:
    package = json.loads((PROJECT / "package.json").read_text())
    root = json.loads((PROJECT / "package-lock.json").read_text())["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert root.get(kind) == package.get(kind)


def test_every_script_package_has_its_integrity() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
