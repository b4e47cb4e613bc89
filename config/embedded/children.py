"""Start processes that do not outlive their parent, and find room for them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def dies_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """Return what a child runs before exec so that the kernel signals it when its parent dies (Linux)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        # A parent that died before the call would never be noticed.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return tie


def in_turn(*steps: Callable[[], None] | None) -> Callable[[], None]:
    """Return a function that takes each step that there is."""

    def run() -> None:
        for step in steps:
            if step:
                step()

    return run


def stop(process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM, *, patience: float = 10) -> None:
    """Signal a child and wait for its end; kill it when patience runs out."""
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
