"""A secret can be read with its key at its own place, and nowhere else."""

from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from accounts.secrets import SecretUnreadableError, decrypt, encrypt, keys

ONE, TWO = UUID(int=1), UUID(int=2)
PLACE: Any = {"organization_id": ONE, "model": "m.Connection", "field": "key", "row": "7"}
OLD, NEW = "old:" + "A" * 43, "new:" + "B" * 42 + "A="


def test_a_secret_comes_back() -> None:
    assert decrypt(encrypt("rk_test_ünï€", **PLACE), **PLACE) == "rk_test_ünï€"


def test_the_same_text_never_looks_the_same_and_never_shows() -> None:
    first, second = encrypt("rk_test_1", **PLACE), encrypt("rk_test_1", **PLACE)
    assert first != second
    assert b"rk_test" not in first


@pytest.mark.parametrize(
    "elsewhere", [{"organization_id": TWO}, {"model": "m.Other"}, {"field": "other"}, {"row": "8"}]
)
def test_a_secret_moved_elsewhere_cannot_be_read(elsewhere: dict[str, object]) -> None:
    secret = encrypt("x", **PLACE)
    with pytest.raises(SecretUnreadableError, match="another place"):
        decrypt(secret, **{**PLACE, **elsewhere})


def test_places_that_only_look_alike_when_joined_differ() -> None:
    secret = encrypt("x", organization_id=ONE, model="a", field="b,c", row="")
    with pytest.raises(SecretUnreadableError):
        decrypt(secret, organization_id=ONE, model="a,b", field="c", row="")


def test_every_changed_byte_is_noticed() -> None:
    secret = encrypt("x", **PLACE)
    for at in range(len(secret)):
        changed = secret[:at] + bytes([secret[at] ^ 1]) + secret[at + 1 :]
        with pytest.raises(SecretUnreadableError):
            decrypt(changed, **PLACE)


@pytest.mark.parametrize("damaged", [b"", b"\x01", b"\x01\xff", b"plain text", b"\x01\x04test"])
def test_what_is_no_secret_raises(damaged: bytes) -> None:
    with pytest.raises(SecretUnreadableError):
        decrypt(damaged, **PLACE)


def test_an_old_key_still_reads_and_the_first_key_writes(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    old = encrypt("x", **PLACE)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert decrypt(old, **PLACE) == "x"
    assert b"new" in encrypt("x", **PLACE)


def test_a_missing_key_is_named(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    old = encrypt("x", **PLACE)
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(SecretUnreadableError, match="needs the key 'old'"):
        decrypt(old, **PLACE)


def test_another_key_under_the_same_id_raises(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    old = encrypt("x", **PLACE)
    settings.ENCRYPTION_KEYS = ["old:" + "B" * 42 + "A="]
    with pytest.raises(SecretUnreadableError, match="another key of that name"):
        decrypt(old, **PLACE)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "is empty"),
        (["nokey"], "32 bytes"),
        (["a:c2hvcnQ="], "32 bytes"),
        (["a:*" + "A" * 42], "32 bytes"),
        ([":" + "A" * 43], "an id of its own"),
        ([OLD, OLD], "an id of its own"),
    ],
)
def test_bad_keys_are_refused_by_name(settings: Settings, entries: list[str], message: str) -> None:
    settings.ENCRYPTION_KEYS = entries
    with pytest.raises(ImproperlyConfigured, match=message):
        keys()
