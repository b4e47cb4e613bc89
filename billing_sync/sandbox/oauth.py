"""Stripe Connect: a platform's application, and the access that an account grants to it."""

from dataclasses import dataclass, replace
from itertools import count

from .errors import OAuthError
from .keys import WEBHOOKS, Key

CLIENT_ID = "ca_51SandboxPlatform"
SCOPES = ("read_only", "read_write")
CODE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Code:
    """Hold an authorization code, and once it is used the grant that it became."""

    scope: str
    until: int
    grant: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Hold what a platform is given."""

    access: str
    refresh: str
    scope: str
    live: bool
    grant: int


class Connection:
    """Keep what an account has granted; tokens become keys of the account, and are dated by its clock."""

    def __init__(self, keys: dict[str, Key]) -> None:
        self.denies = False
        self.granted: bool | None = None
        self._keys = keys
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Tokens] = {}
        self._spent: dict[str, Tokens] = {}
        self._numbers = count(1)

    def authorize(self, scope: str, now: int) -> str:
        """Return a code for access of a scope."""
        code = f"ac_Sandbox{next(self._numbers):08d}"
        self._codes[code] = Code(scope, now + CODE_SECONDS)
        return code

    def exchange(self, code: str, live: bool, now: int, lifetime: int) -> Tokens:
        """Return tokens for a code; one that is used twice costs the tokens it gave."""
        found = self._codes.get(code)
        if found is None:
            raise OAuthError("invalid_grant", f"Authorization code does not exist: {code}")
        if found.grant is not None:
            self._withdraw(found.grant)
            raise OAuthError(
                "invalid_grant",
                "This authorization code has been used before. What it gave access to is revoked.",
            )
        if now >= found.until:
            raise OAuthError("invalid_grant", f"Authorization code expired: {code}")
        grant = next(self._numbers)
        self._codes[code] = replace(found, grant=grant)
        self.granted = True
        return self._issue(found.scope, live, grant, now, lifetime)

    def refresh(self, token: str, live: bool, now: int, lifetime: int) -> Tokens:
        """Return new tokens; the refresh token is spent by that."""
        found = self._tokens.pop(token, None)
        if found is None or found.live != live:
            known = "has been used before" if token in self._spent else "does not exist"
            raise OAuthError("invalid_grant", f"Refresh token {known}: {token}")
        self._spent[token] = found
        return self._issue(found.scope, live, found.grant, now, lifetime)

    def _issue(self, scope: str, live: bool, grant: int, now: int, lifetime: int) -> Tokens:
        number, mode = next(self._numbers), "live" if live else "test"
        issued = Tokens(
            f"sk_{mode}_51SandboxConnected{number:08d}", f"rt_Sandbox{number:08d}", scope, live, grant
        )
        self._tokens[issued.refresh] = issued
        lacks = WEBHOOKS if scope == "read_only" else frozenset[str]()
        until = now + lifetime if lifetime else None
        self._keys[issued.access] = Key(issued.access, lacks=lacks, expires_at=until)
        return issued

    def expire(self) -> None:
        """Let every access token expire at once."""
        for tokens in [*self._tokens.values(), *self._spent.values()]:
            self._keys[tokens.access] = replace(self._keys[tokens.access], expired=True)

    def deauthorize(self) -> None:
        """Take every grant back."""
        self.granted = False
        self._codes.clear()
        for grant in {tokens.grant for tokens in [*self._tokens.values(), *self._spent.values()]}:
            self._withdraw(grant)

    def _withdraw(self, grant: int) -> None:
        for tokens in [*self._tokens.values(), *self._spent.values()]:
            if tokens.grant == grant:
                self._keys[tokens.access] = replace(self._keys[tokens.access], disconnected=True)
                self._tokens.pop(tokens.refresh, None)

    def access_tokens(self) -> list[str]:
        """Return the access tokens that can still be refreshed, oldest first."""
        return [tokens.access for tokens in self._tokens.values()]
