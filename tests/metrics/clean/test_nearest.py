"""Which mistake explains a number that somebody typed."""

from metrics.clean.nearest import nearest
from metrics.core.money import MICRO

MRR = 100_000 * MICRO
MISTAKES = {"trials": 5_000 * MICRO, "tax": 20_000 * MICRO, "past_due": -3_000 * MICRO, "refunds": 0}
FIGURES = {"cash": 180_000 * MICRO}


def named(typed: int) -> tuple[str, ...]:
    return nearest(typed * MICRO, MRR, MISTAKES, FIGURES).mistakes


def test_one_mistake_is_found() -> None:
    assert named(120_000) == ("tax",)


def test_two_mistakes_together_are_found() -> None:
    assert named(125_000) == ("trials", "tax")


def test_another_figure_taken_for_mrr_is_found() -> None:
    assert named(180_000) == ("cash",)


def test_the_right_number_is_no_mistake() -> None:
    guess = nearest(MRR + 10, MRR, MISTAKES, FIGURES)
    assert (guess.mistakes, guess.exact) == ((), True)


def test_what_stays_unexplained_is_told() -> None:
    guess = nearest(121_000 * MICRO, MRR, MISTAKES, FIGURES)
    assert (guess.mistakes, guess.off_micro) == (("tax",), 1_000 * MICRO)
    assert not guess.exact
    assert not guess.near


def test_a_mistake_that_changes_nothing_is_never_blamed() -> None:
    assert "refunds" not in named(99_999)
