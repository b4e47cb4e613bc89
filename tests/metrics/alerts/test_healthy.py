"""Healthy companies, random but steady, over three years: how often the rules cry wolf."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

from metrics.alerts.rules import RULES, AlertSettings
from metrics.alerts.series import Moved, Series
from metrics.alerts.states import backtest
from tests.metrics.alerts.days import Day, columns
from tests.soak import sized

FIRST, YEARS = date(2023, 1, 1), 3
PRICES = (1900, 2900, 4900, 4900, 9900, 9900, 19900, 49900)
A_DAY = 12 / 365
# A month's share of customers: who come, grow, shrink, leave, return, and whose payment fails first.
ARRIVING, GROWING, SHRINKING, LEAVING, RETURNING, FAILING = 0.05, 0.03, 0.006, 0.012, 0.002, 0.06


class Healthy:
    """A company that grows by the same rates all the time, drawn by one seed."""

    def __init__(self, seed: int, customers: int) -> None:
        self.dice = random.Random(seed)
        self.amounts = [self.price() for _ in range(customers)]
        self.moved: dict[tuple[date, str], list[int]] = defaultdict(list)
        self.failed_on: list[date] = []
        for n in range(YEARS * 365):
            self.live(FIRST + timedelta(days=n))

    def price(self) -> int:
        return self.dice.choice(PRICES) * 1_000_000

    def times(self, rate: float) -> int:
        """Draw how often something with a monthly rate happens to the customers in one day."""
        mean = rate * A_DAY * len(self.amounts)
        return max(0, round(self.dice.gauss(mean, mean**0.5))) if mean > 30 else self._poisson(mean)

    def _poisson(self, mean: float) -> int:
        count, left = 0, self.dice.expovariate(1.0)
        while left < mean:
            count, left = count + 1, left + self.dice.expovariate(1.0)
        return count

    def live(self, on: date) -> None:
        for kind, rate in (("new", ARRIVING), ("reactivation", RETURNING)):
            for _ in range(self.times(rate)):
                self.amounts.append(self.price())
                self.moved[on, kind].append(self.amounts[-1])
        for _ in range(self.times(GROWING)):
            self.change(on, "expansion", self.dice.choice((25, 50, 100)))
        for _ in range(self.times(SHRINKING)):
            self.change(on, "contraction", -self.dice.choice((25, 50)))
        for _ in range(self.times(LEAVING)):
            place = self.dice.randrange(len(self.amounts))
            self.amounts[place], last = self.amounts[-1], self.amounts[place]
            self.amounts.pop()
            self.moved[on, "churn"].append(last)
        self.failed_on += [on] * self.times(FAILING)

    def change(self, on: date, kind: str, percent: int) -> None:
        place = self.dice.randrange(len(self.amounts))
        by = self.amounts[place] * percent // 100
        self.amounts[place] += by
        self.moved[on, kind].append(abs(by))

    def series(self) -> Series:
        end = FIRST + timedelta(days=YEARS * 365)
        days = [
            Day(on, kind, Moved(sum(amounts), sum(one * one for one in amounts), len(amounts)))
            for (on, kind), amounts in self.moved.items()
        ]
        known = {**columns(days), "failures": Counter(self.failed_on)}
        return Series(end, FIRST, FIRST, sum(self.amounts), len(self.amounts), **known)


def false_alarms(seed: int, customers: int) -> list[str]:
    """Return the rules that fired in three years, each as often as it did."""
    series = Healthy(seed, customers).series()
    return [rule for rule in RULES for _ in backtest(rule, series, FIRST, AlertSettings())]


@pytest.mark.soak
def test_healthy_companies_of_ten_thousand_never_hear_a_false_alarm(record_property: object) -> None:
    found = [rule for seed in range(sized(1, 40)) for rule in false_alarms(seed, 10_000)]
    record_property("false alarms", len(found))  # type: ignore[operator]
    assert found == []


@pytest.mark.soak
def test_healthy_companies_of_a_thousand_hear_one_false_alarm_a_year_at_most(record_property: object) -> None:
    companies = sized(4, 40)
    found = [rule for seed in range(companies) for rule in false_alarms(seed, 1_000)]
    record_property("false alarms", len(found))  # type: ignore[operator]
    assert len(found) <= companies * YEARS


def test_a_company_that_loses_many_at_once_is_no_longer_healthy() -> None:
    company = Healthy(1, 1_000)
    on = FIRST + timedelta(days=700)
    lost = company.amounts[: len(company.amounts) // 5]
    company.moved[on, "churn"] += lost
    fired = [one.fired_on for one in backtest("revenue_churn", company.series(), on, AlertSettings())]
    assert fired[:1] == [on + timedelta(days=2)]
