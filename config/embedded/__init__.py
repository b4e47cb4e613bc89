"""PostgreSQL and Redis for a machine that has none: private to one DATA_DIR, gone with its last command."""

SOCKET, LOCK = "servers.sock", "servers.lock"
