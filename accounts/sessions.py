"""Sessions in the database, each read by a statement that is composed once."""

from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session

from accounts import factor_secrets
from accounts.lookups import Lookup
from accounts.secrets import SecretUnreadableError

# By the machine's clock, as Django dates them: how long a person stays signed in is not for tests to set.
PRESENT = Lookup(lambda: Session.objects.filter(session_key="", expire_date__gt=datetime.now(UTC)))

NOBODY_YET = 0


class SessionStore(DatabaseSessions):
    """Django's, but for how a session is found, and that an app being set up is not in it in clear."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        pending = session_dict.get(SECRET_SESSION_KEY)
        if pending:
            session_dict = {**session_dict, SECRET_SESSION_KEY: factor_secrets.seal(pending, NOBODY_YET)}
        return super().encode(session_dict)

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        decoded: dict[str, Any] = super().decode(session_data)
        if SECRET_SESSION_KEY in decoded:
            try:
                decoded[SECRET_SESSION_KEY] = factor_secrets.unseal(decoded[SECRET_SESSION_KEY], NOBODY_YET)
            except (SecretUnreadableError, ValueError):
                # Its key is gone, or it is of an earlier release: the page shows another.
                del decoded[SECRET_SESSION_KEY]
        return decoded

    def _get_session_from_db(self) -> Session | None:
        found = PRESENT.find(datetime.now(UTC), self.session_key)
        if found is None:
            self._session_key = None
        return found

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the sessions' table; where it is looked for depends on this module's place."""
        return Session
