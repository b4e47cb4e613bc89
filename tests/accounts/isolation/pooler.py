"""A PgBouncer in transaction mode before this test's database, where the program is installed."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from config.embedded.children import dies_with_parent, free_port

CONFIGURATION = """
[databases]
{NAME} = host={HOST} port={PORT} dbname={NAME}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 100
"""


@contextmanager
def pooled(directory: Path, size: int) -> Iterator[dict[str, Any]]:
    """Start the pooler, and give the settings that lead through it."""
    database, port = settings.DATABASES["default"], free_port()
    directory.mkdir(exist_ok=True)
    users, file = directory / "users.txt", directory / "pgbouncer.ini"
    users.write_text(f'"{database["USER"]}" "{database["PASSWORD"]}"\n')
    file.write_text(CONFIGURATION.format(**database, port=port, size=size, users=users))
    program = str(shutil.which("pgbouncer"))
    command = [program, str(file)]
    if os.geteuid() == 0:
        # It refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        for path in (directory, *directory.parents[:3]):
            path.chmod(path.stat().st_mode | 0o011)
        for path in (users, file):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        command = [
            "setpriv",
            f"--reuid={nobody.pw_uid}",
            f"--regid={nobody.pw_gid}",
            "--clear-groups",
            *command,
        ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=dies_with_parent(15)
    ) as process:
        try:
            given = {"HOST": "127.0.0.1", "PORT": port}
            _until_it_answers({**database, **given})
            yield given
        finally:
            process.terminate()


def _until_it_answers(database: dict[str, Any]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(
                host=database["HOST"],
                port=database["PORT"],
                user=database["USER"],
                password=database["PASSWORD"],
                dbname=database["NAME"],
            ).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
