"""What is read ahead travels together, and is told to whoever reads it."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.reading import Asked, ahead, read

pytestmark = pytest.mark.usefixtures("db")

DOUBLE, BEGUN = "SELECT 2 * %s::int", "SELECT now(), %s::int"


def test_what_is_read_ahead_is_asked_in_one_round_trip() -> None:
    # Without a transaction around them, those of one trip begin at one instant, and each other at its own.
    first, second = Asked(BEGUN, [1]), Asked(BEGUN, [2])
    with CaptureQueriesContext(connection) as asked:
        with ahead(first, second):
            assert read(*second)[0][0] == read(*first)[0][0]
        assert read(*second)[0][0] != read(*first)[0][0]
    assert len(asked) == 4


def test_what_was_read_ahead_is_told_once_and_not_after_the_block() -> None:
    with CaptureQueriesContext(connection) as asked:
        with ahead(Asked(DOUBLE, [1])), ahead(Asked(DOUBLE, [3])):
            assert (read(DOUBLE, [1]), read(DOUBLE, [1])) == ([(2,)], [(2,)])
        assert read(DOUBLE, [3]) == [(6,)]
    assert len(asked) == 4


def test_a_statement_that_fails_is_found_out_before_the_block() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), ahead(Asked("SELECT nothing")):
        pytest.fail("The block began.")
    assert read(DOUBLE, [1]) == [(2,)]
