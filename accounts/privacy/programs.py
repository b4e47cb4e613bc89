"""PostgreSQL's own programs, and how they reach the database as its owner."""

import os
import shutil
from pathlib import Path

from django.db import connections

from config.embedded.postgres import BINARIES

VARIABLES = {
    "dbname": "PGDATABASE",
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}


class ProgramMissingError(RuntimeError):
    """Raised where a program of PostgreSQL's is not installed."""


def program(name: str) -> str:
    """Return the path of a program: the embedded server's, else the machine's."""
    embedded = BINARIES / name
    found = str(embedded) if embedded.exists() else shutil.which(name)
    if found is None:
        raise ProgramMissingError(f"{name} is missing; install PostgreSQL's client programs.")
    return found


def environment() -> dict[str, str]:
    """Return the variables that lead a program to the database as its owner; its arguments tell nothing."""
    parameters = connections["owner"].get_connection_params()
    given = {VARIABLES[name]: str(value) for name, value in parameters.items() if name in VARIABLES and value}
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(Path.home()), **given}
