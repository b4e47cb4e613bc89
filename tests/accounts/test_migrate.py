"""The migrate command bounds the app role, and never the owner."""

import os
import subprocess
import sys

import psycopg

from tests.environment import PROJECT


def test_one_role_for_both_is_refused_before_anything_changes(db: None) -> None:
    owner = os.environ["DATABASE_OWNER_URL"]
    ended = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": owner},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Give DATABASE_URL a plain role that owns nothing" in ended.stderr
    with psycopg.connect(owner) as connection:
        rights = connection.execute("SELECT has_table_privilege('accounts_auditentry', 'UPDATE, DELETE')")
        assert rights.fetchone() == (True,)
