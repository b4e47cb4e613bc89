"""What docs/security.md promises names a test that is there."""

import re

import pytest

from tests.environment import PROJECT

DOCUMENT = (PROJECT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", DOCUMENT)))
CHECK = re.compile(r"^\| (\d+\.\d+\.\d+) \|.*$", re.MULTILINE)


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    file, _, test = named.partition("::")
    assert (PROJECT / file).exists()
    assert f"def {test}(" in (PROJECT / file).read_text() or not test


def test_every_check_is_listed_once_with_its_test() -> None:
    checks = CHECK.findall(DOCUMENT)
    assert len(checks) == len(set(checks)) >= 40
    assert all("`tests/" in row[0] for row in CHECK.finditer(DOCUMENT))
