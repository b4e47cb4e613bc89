"""Mask people in text that leaves the product: addresses, telephone and card numbers keep a hint alone."""

import re
from collections.abc import Iterable

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# An international number: a sum of money has no blanks and hyphens only, and ends in decimals.
TELEPHONE = re.compile(r"(?<![\w.,])(?:\+|00)\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,6}(?![\w.,]?\d)")
CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
LINK = re.compile(r"(https?://[^\s<>\"']+)")
FEWEST_DIGITS, MOST_DIGITS = 8, 15
HIDDEN = "•••"


def masked_address(address: str) -> str:
    """Return a•••@l••• for ada@lovelace.example."""
    person, _at, host = address.partition("@")
    return f"{person[:1]}{HIDDEN}@{host[:1]}{HIDDEN}"


def masked_text(text: str, *, but: Iterable[str] = ()) -> str:
    """Return a text with who could be reached by it masked; links, and the addresses in `but`, stay."""
    kept = {address.lower() for address in but}
    parts = LINK.split(text)
    parts[::2] = [_masked(part, kept) for part in parts[::2]]
    return "".join(parts)


def _masked(text: str, kept: set[str]) -> str:
    text = ADDRESS.sub(lambda found: found[0] if found[0].lower() in kept else masked_address(found[0]), text)
    text = CARD.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)
    return TELEPHONE.sub(lambda found: HIDDEN if _is_telephone(found[0]) else found[0], text)


def _is_telephone(text: str) -> bool:
    digits = sum(one.isdigit() for one in text)
    return FEWEST_DIGITS <= digits <= MOST_DIGITS


def _is_card(text: str) -> bool:
    """Say whether a number's check digit is a card's (ISO/IEC 7812-1, annex B)."""
    digits = [int(one) for one in reversed(text) if one.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
