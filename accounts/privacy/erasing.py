"""Take one payer's personal data out of everything: each app registers what it does for its own places."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class ErasedPayer:
    """Whom to erase: her Stripe id, and the words that mean her alone (name, address, phone), lower-cased."""

    organization_id: UUID
    customer_id: str
    words: tuple[str, ...] = ()

    def named_in(self, text: str) -> bool:
        """Say whether a text holds one of her words, or her id."""
        return self._pattern().search(text) is not None

    def without(self, text: str, instead: str = "") -> str:
        """Return the text with each of her words replaced; her id stays, it names nobody."""
        if not self.words:
            return text
        return _any_of(self.words).sub(lambda found: instead, text)

    def _pattern(self) -> re.Pattern[str]:
        return _any_of((*self.words, self.customer_id))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of the words by itself, the longest first: Ann is not in Hanna."""
    longest = (re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE)


def words_of(values: Iterable[object]) -> tuple[str, ...]:
    """Return the texts among values that are long enough to be looked for, lower-cased, each once."""
    texts = {" ".join(value.split()).lower() for value in values if isinstance(value, str)}
    return tuple(sorted(text for text in texts if len(text) >= SHORTEST_WORD))


Eraser = Callable[[ErasedPayer], int]
_erasers: dict[str, Eraser] = {}


def eraser(place: str) -> Callable[[Eraser], Eraser]:
    """Register who erases a payer in one place, inside the tenant; it returns how many rows it changed."""

    def register(function: Eraser) -> Eraser:
        if _erasers.setdefault(place, function) is not function:
            raise ValueError(f"Two functions erase payers in {place!r}.")
        return function

    return register


def erase_everywhere(payer: ErasedPayer) -> dict[str, int]:
    """Erase a payer in every place, in the transaction in progress; return the rows changed in each."""
    return {place: erase(payer) for place, erase in sorted(_erasers.items())}
