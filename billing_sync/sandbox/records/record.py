"""What every record is."""

import msgspec


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Hold facts that never change; they encode as an array, and the garbage collector passes them by."""
