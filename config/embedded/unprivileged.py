"""The account that PostgreSQL runs as where we are root, since it refuses to be."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.embedded import capabilities

NAME = "millrace"


class UnreachableError(RuntimeError):
    """Raised with what to do where the account cannot reach a directory."""


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    def take_over(self, home: Path) -> None:
        """Give a directory and all in it to the account."""
        if home.stat().st_uid == self.uid:
            return
        self.own(home)
        for folder, folders, files in os.walk(home):
            for name in (*folders, *files):
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)

    def dropping(self, *goals: Path) -> Callable[[], None]:
        """Return what a child runs before exec to become the account and still reach its goals."""
        closed = [parent for goal in goals for parent in goal.parents if not self.enters(parent)]
        capability = capabilities.passing_right() if closed else None
        if closed and capability is None:
            raise UnreachableError(
                "PostgreSQL does not run as root, and the account it runs as here may not enter "
                f"{closed[-1]}. Run `chmod o+x {closed[-1]}`, or put the checkout and DATA_DIR elsewhere, "
                "or set DATABASE_URL and DATABASE_OWNER_URL."
            )
        return partial(capabilities.become, self.uid, self.gid, capability)

    def enters(self, directory: Path) -> bool:
        """Say whether the account may pass through a directory."""
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def account_for_servers() -> Account | None:
    """Return the account to drop to, made if missing; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in (NAME, "nobody"):
        if name == NAME:
            create(name)
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise UnreachableError(
        f"PostgreSQL does not run as root and the account {NAME} cannot be made: add it, "
        "or run as another user, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def create(name: str) -> None:
    """Add a system account by whichever tool the machine has; a failure leaves none."""
    if any(entry.pw_name == name for entry in pwd.getpwall()):
        return
    if tool := shutil.which("useradd"):
        command = [tool, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", name]
    elif tool := shutil.which("adduser"):
        command = [tool, "-S", "-D", "-H", name]
    else:
        return
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603
