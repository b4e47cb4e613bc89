"""Records in files that nobody else sees, each found again by its address."""

import os
import tempfile
import weakref
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from billing_sync.sandbox.book import Place

HEAD = Struct("<IqB")
FILE_BITS = 40
OFFSET = (1 << FILE_BITS) - 1
GLANCE = 128
USUAL = 1_024
FULL = 1 << 20


class Entry(NamedTuple):
    """Hold what one record's place in a list is, and its encoded rest."""

    created: int
    identity: str
    body: bytes


class Writer:
    """Append entries to one file."""

    def __init__(self, descriptor: int, number: int) -> None:
        self._descriptor = descriptor
        self._base = number << FILE_BITS
        self._offset = 0
        self._waiting = bytearray()

    def append(self, created: int, identity: str, body: bytes) -> int:
        """Add an entry, and return its address."""
        address = self._base + self._offset + len(self._waiting)
        name = identity.encode()
        self._waiting += HEAD.pack(len(body), created, len(name))
        self._waiting += name
        self._waiting += body
        if len(self._waiting) >= FULL:
            self.flush()
        return address

    def flush(self) -> None:
        """Hand everything to the file."""
        with memoryview(self._waiting) as rest:
            done = 0
            while done < len(rest):
                done += os.write(self._descriptor, rest[done:])
        self._offset += len(self._waiting)
        self._waiting.clear()


class Log:
    """Read entries of any of its files; the files vanish with it."""

    def __init__(self) -> None:
        self._descriptors: list[int] = []
        weakref.finalize(self, _close, self._descriptors)

    def adopt(self, path: Path) -> None:
        """Take over a file as the next in number; its name disappears."""
        self._descriptors.append(os.open(path, os.O_RDWR | os.O_APPEND))
        path.unlink()

    def writer(self) -> Writer:
        """Begin another file, and return what appends to it."""
        descriptor, name = tempfile.mkstemp(prefix="sandbox-")
        os.close(descriptor)
        self.adopt(Path(name))
        return Writer(self._descriptors[-1], len(self._descriptors) - 1)

    def __len__(self) -> int:
        return len(self._descriptors)

    def size(self) -> int:
        """Return how many bytes the files hold."""
        return sum(os.fstat(descriptor).st_size for descriptor in self._descriptors)

    def place(self, address: int) -> Place:
        """Return where an entry stands in its list."""
        head = os.pread(self._descriptors[address >> FILE_BITS], GLANCE, address & OFFSET)
        _, created, length = HEAD.unpack_from(head)
        return created, head[HEAD.size : HEAD.size + length].decode()

    def read(self, address: int) -> Entry:
        """Return an entry."""
        descriptor, offset = self._descriptors[address >> FILE_BITS], address & OFFSET
        found = os.pread(descriptor, USUAL, offset)
        size, created, length = HEAD.unpack_from(found)
        begin = HEAD.size + length
        if begin + size > len(found):
            found = os.pread(descriptor, begin + size, offset)
        return Entry(created, found[HEAD.size : begin].decode(), found[begin : begin + size])


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
