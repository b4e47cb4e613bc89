"""Keep one right of root's while dropping the rest: passing through directories closed to others (Linux)."""

import ctypes
import os
import re
import struct
from pathlib import Path

# From linux/capability.h and linux/prctl.h. A container usually holds the first of the two.
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
VERSION_3 = 0x20080522
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2


def passing_right() -> int | None:
    """Return the smallest capability we hold that opens closed directories, or None."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    sets = [int(found, 16) for found in re.findall(r"^Cap(?:Prm|Bnd):\s*(\w+)", status, re.MULTILINE)]
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if sets and all(held >> capability & 1 for held in sets):
            return capability
    return None


def become(uid: int, gid: int, capability: int | None) -> None:
    """Turn this process into another account, with the one capability or none; the exec keeps it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is None:
        return
    mask = 1 << capability
    # Effective, permitted, inheritable; the second three are the capabilities from 32 up.
    if libc.capset(struct.pack("Ii", VERSION_3, 0), struct.pack("6I", mask, mask, mask, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
