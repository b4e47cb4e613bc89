"""`docs/metrics.md` names only tests and stories that exist, and every story."""

import re

from billing_sync.sandbox.stories import STORIES
from tests.environment import PROJECT

TEXT = (PROJECT / "docs" / "metrics.md").read_text()
ROWS = [row for row in TEXT.splitlines() if row.startswith("| ") and not row.startswith(("| case", "| ---"))]


def test_every_named_test_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (PROJECT / "tests" / "metrics" / file).read_text()
    ]
    assert (len(named) > 60, missing) == (True, [])


def test_every_story_has_a_case() -> None:
    assert set(re.findall(r"story `(\w+)`", TEXT)) == set(STORIES)


def test_every_case_names_its_test() -> None:
    assert [row for row in ROWS if not re.search(r"::|story `", row.rsplit("|", 2)[1])] == []
