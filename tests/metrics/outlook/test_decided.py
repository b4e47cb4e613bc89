"""Single subscriptions, and what their dates decide."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metrics.core.ledger import Segment
from metrics.exposure.diagnoses import Day, Part, Standing
from metrics.outlook.decided import COUPON_END, TRIAL_END, UNDATED, Ahead, Outlook, decided

TODAY = date(2026, 11, 22)
DAY = Day(TODAY, ZoneInfo("Europe/Paris"))
MRR = 4_900_000_000


def after(days: int) -> int:
    """Return noon of a day, by UTC."""
    return int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) + days * 86_400


def segment(
    mrr: int = MRR, committed: int | None = None, excluded: str = "", end: int | None = None
) -> Segment:
    worth = mrr if committed is None else committed
    lead = ("sub_1", "si_1", after(-90), end, "eur", "price_1", "prod_1", "1 month", 1)
    return Segment(*lead, mrr, worth, False, excluded, (), "", (), True, True)


def told(outlook: Outlook) -> list[tuple[str, date, int, int]]:
    return [(one.kind, one.on, one.amount_micro, one.committed_micro) for one in decided([outlook], DAY)]


def leaving(ends_at: int | None) -> Standing:
    return Standing("sub_1", (), cancels=True, ends_at=ends_at)


def test_an_end_moves_what_is_left_then_and_committed_mrr_by_what_counts_now() -> None:
    dearer = Ahead(after(10), COUPON_END, after(10), {"eur": 2 * MRR})
    found = told(Outlook(leaving(after(20)), (segment(committed=0),), (dearer,)))
    assert found == [
        ("coupon_end", TODAY + timedelta(days=10), MRR, 0),
        ("cancellation", TODAY + timedelta(days=20), -2 * MRR, -MRR),
    ]


def test_nothing_comes_after_an_end() -> None:
    later = Ahead(after(30), COUPON_END, after(30), {"eur": 2 * MRR})
    found = told(Outlook(leaving(after(20)), (segment(committed=0),), (later,)))
    assert [kind for kind, *_ in found] == ["cancellation"]


def test_an_end_without_a_date_and_one_beyond_the_horizon_stay_for_committed_mrr() -> None:
    assert told(Outlook(leaving(None), (segment(committed=0),))) == [("cancellation", UNDATED, -MRR, -MRR)]
    assert told(Outlook(leaving(10**15), (segment(committed=0),))) == [("cancellation", UNDATED, -MRR, -MRR)]
    (far,) = told(Outlook(leaving(after(300)), (segment(committed=0),)))
    assert far[1] == TODAY + timedelta(days=300)


def test_a_trial_that_was_asked_to_end_is_listed_and_moves_nothing() -> None:
    converts = Ahead(after(5), TRIAL_END, after(5), {"eur": MRR})
    found = told(Outlook(leaving(after(5)), (segment(0, excluded="trial"),), (converts,)))
    assert found == [("cancellation", TODAY + timedelta(days=5), 0, 0)]


def test_a_trial_that_should_have_ended_stands_on_its_own_day() -> None:
    late = Ahead(after(0), TRIAL_END, after(-2), {"eur": MRR})
    found = told(Outlook(Standing("sub_1", ()), (segment(0, excluded="trial"),), (late,)))
    assert found == [("trial_end", TODAY - timedelta(days=2), MRR, 0)]


def test_what_is_signed_starts_with_its_first_phase_and_is_committed() -> None:
    signed = segment(0, committed=MRR, excluded="not_started", end=after(40))
    found = told(Outlook(Standing("sub_sched_1", ()), (signed,)))
    assert found == [("start", TODAY + timedelta(days=40), MRR, MRR)]


def test_a_schedule_that_ends_its_subscription_takes_its_mrr_as_a_phase() -> None:
    found = told(Outlook(Standing("sub_1", ()), (segment(),), closes_at=after(60)))
    assert found == [("phase", TODAY + timedelta(days=60), -MRR, 0)]


def test_cards_and_renewals_put_mrr_at_risk_until_the_horizon_and_only_where_nobody_leaves() -> None:
    year = Part("si_1", "eur", MRR, contracted=True, period_ends_at=after(80))
    card = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    found = told(Outlook(Standing("sub_1", (year,), card_expires_at=card), (segment(),)))
    assert found == [
        ("card_expiry", date(2026, 12, 31), MRR, 0),
        ("renewal", TODAY + timedelta(days=80), MRR, 0),
    ]
    gone = Standing("sub_1", (year,), cancels=True, ends_at=after(80), card_expires_at=card)
    assert [kind for kind, *_ in told(Outlook(gone, (segment(committed=0),)))] == ["cancellation"]
    later = Part("si_1", "eur", MRR, contracted=True, period_ends_at=after(90))
    assert told(Outlook(Standing("sub_1", (later,)), (segment(),))) == []


def test_two_items_of_a_day_are_one_row() -> None:
    parts = tuple(Part(f"si_{n}", "eur", MRR, contracted=True, period_ends_at=after(3)) for n in range(2))
    assert told(Outlook(Standing("sub_1", parts), (segment(),))) == [
        ("renewal", TODAY + timedelta(days=3), 2 * MRR, 0)
    ]
