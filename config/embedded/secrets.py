"""Keys and passwords that nobody gave: made once, kept in DATA_DIR/secrets, readable by this user alone."""

import base64
import os
import secrets
from pathlib import Path

FILE = "secrets"


def kept(data_dir: Path) -> dict[str, str]:
    """Return the secrets of a data directory, and make them the first time."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = data_dir / FILE
    if not file.exists():
        draft = data_dir / f"{FILE}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text("".join(f"{name}={value}\n" for name, value in new().items()))
        # A hard link appears whole or not at all, and never replaces what another command made first.
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if line)


def new() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": f"{secrets.token_hex(4)}:{key}",
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "OWNER_PASSWORD": secrets.token_urlsafe(24),
        "APP_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        "DEMO_PASSWORD": f"demo-{secrets.token_hex(5)}",
    }
