"""A password hasher that counts its runs, and is quick."""

from typing import ClassVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher

NAME = "tests.accounts.hashing.CountingHasher"


class CountingHasher(PBKDF2PasswordHasher):
    iterations = 1
    runs: ClassVar[int] = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountingHasher.runs += 1
        return super().encode(password, salt, iterations)


def runs() -> int:
    """Return how often a password was hashed since the last time this was asked."""
    found, CountingHasher.runs = CountingHasher.runs, 0
    return found
