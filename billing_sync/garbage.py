"""Keep Python's search for garbage in cycles from looking through parsed JSON, which has no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of a hundred invoices is some 3,000 containers; by default there is a search after every 700.
CONTAINERS = 100_000


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search after so many new containers only, in this block; it may nest."""
    usual = gc.get_threshold()
    gc.set_threshold(max(usual[0], CONTAINERS), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
