"""However requests of many organizations follow each other on few connections, each sees its own rows."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.accounts.isolation.pooler import pooled
from tests.accounts.isolation.requests import company, few_connections, mixed
from tests.soak import FULL_SIZE, sized

# At full size, and where there is one, through a pooler too.
ROADS = ["direct", *(["pgbouncer"] if FULL_SIZE and shutil.which("pgbouncer") else [])]
CONNECTIONS = 2


@contextmanager
def road(name: str, directory: Path) -> Iterator[None]:
    if name == "direct":
        with few_connections(CONNECTIONS):
            yield
        return
    # More clients than connections, which it hands from one to the next between transactions.
    with pooled(directory, CONNECTIONS) as given, few_connections(3 * CONNECTIONS, **given):
        yield


@pytest.mark.soak
@pytest.mark.parametrize("name", ROADS)
def test_mixed_requests_see_no_row_of_another_organization(
    db: None, name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    companies = [company(number) for number in range(sized(8, 50))]
    requests = sized(100, 10_000)
    with road(name, tmp_path):
        seen = mixed(companies, requests, name)
    assert seen.others == []
    assert seen.outcomes.total() == requests
    assert seen.outcomes["500"] + seen.outcomes["OurError"] + seen.outcomes["DataError"] > requests * 0.05
    assert seen.own > requests * 0.5
    record_property("requests", requests)
    record_property("outcomes", dict(seen.outcomes))
    record_property("rows of others", len(seen.others))
