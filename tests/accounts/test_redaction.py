"""Nothing that opens a door or names a person gets into a stored error."""

import pytest

from accounts.redaction import describe, redact


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Habcdefghij",
        "rk_test_51Habcdefghij",
        "pk_test_51Habcdefghij",
        "sk_test_****abcd",
        "whsec_abcdef123456",
        "ann.lee+billing@mail.example.com",
    ],
)
def test_keys_and_addresses_are_removed(secret: str) -> None:
    assert redact(f"Invalid: {secret}!") == "Invalid: [removed]!"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://app:pa55@db/x", "postgresql://[removed]@db/x"),
        ("redis://:pa55@cache:6379/0", "redis://[removed]@cache:6379/0"),
        ("Authorization: Bearer abcdefgh1234", "Authorization: [removed]"),
        ("host=db password=pa55 user=app", "host=db password=[removed] user=app"),
    ],
)
def test_passwords_are_removed_and_the_rest_is_kept(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize("text", ["cus_123 has no price_456", "at 12:30", "See https://docs.example/x"])
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_an_error_is_one_line_with_its_class() -> None:
    assert describe(ValueError("two\n  lines")) == "ValueError: two lines"
    assert describe(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_long_text_is_cut() -> None:
    assert len(redact("x" * 5000)) == 500
