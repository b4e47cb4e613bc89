"""Sessions in the database, each read by a statement that is composed once."""

from datetime import UTC, datetime

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session

from accounts.lookups import Lookup

# By the machine's clock, as Django dates them: how long a person stays signed in is not for tests to set.
PRESENT = Lookup(lambda: Session.objects.filter(session_key="", expire_date__gt=datetime.now(UTC)))


class SessionStore(DatabaseSessions):
    """Django's, but for how a session is found."""

    def _get_session_from_db(self) -> Session | None:
        found = PRESENT.find(datetime.now(UTC), self.session_key)
        if found is None:
            self._session_key = None
        return found

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the sessions' table; where it is looked for depends on this module's place."""
        return Session
