"""Growth and retention by size of ARR as published surveys tell them, each with its source and year."""

from dataclasses import dataclass
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures were read: the survey, who made it, the year they are of, and the page that tells them.

    `told_by` names who reports them where that is not the publisher.
    """

    title: str
    publisher: str
    year: int
    address: str
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One published figure for companies with ARR in `[low, high)` US dollars; `high` None has no end."""

    measure: str
    statistic: str
    low: int
    high: int | None
    rate: Fraction
    source: Source

    def covers(self, arr: Fraction) -> bool:
        """Say whether companies of an ARR in dollars are among those it tells of."""
        return self.low <= arr and (self.high is None or arr < self.high)


MEASURES: dict[str, Text] = {
    "growth": _("Growth over a year"),
    "net_revenue_retention": _("Net revenue retention over a year"),
    "gross_revenue_retention": _("Gross revenue retention over a year"),
    "gross_churn": _("Gross revenue churn over a year"),
}
STATISTICS: dict[str, Text] = {
    "median": _("median"),
    "top_quartile": _("top quartile"),
    "top_tenth": _("90th percentile"),
    "best": _("“best in class”"),
}
SAAS_CAPITAL_2022 = Source(
    "SaaS Capital's study of private SaaS companies",
    "SaaS Capital",
    2022,
    "https://frill.co/blog/posts/saas-growth-benchmarks",
    "Frill",
)
SAAS_CAPITAL_2024 = Source(
    "2024 Benchmarking Metrics for Bootstrapped SaaS Companies",
    "SaaS Capital",
    2024,
    "https://transformationequity.com/news-category/growth/",
    "Transformation Equity",
)
SAAS_CAPITAL_2025 = Source(
    "2025 Private B2B SaaS Company Growth Rate Benchmarks",
    "SaaS Capital",
    2025,
    "https://transformationequity.com/news-category/saas",
    "Transformation Equity",
)
CHARTMOGUL_2023 = Source(
    "SaaS Benchmarks Report",
    "ChartMogul",
    2023,
    "https://chartmogul.com/reports/saas-benchmarks-report/2023/",
)
CHARTMOGUL_RETENTION_2023 = Source(
    "SaaS Benchmarks Report",
    "ChartMogul",
    2023,
    "https://finerva.com/news/saas-revenue-retention-rates-vary-according-to-business-stage-customer-type/",
    "Finerva",
)
KBCM_2019 = Source(
    "2019 Private SaaS Company Survey",
    "KBCM Technology Group",
    2018,
    "https://www.forentrepreneurs.com/2019-saas-private-survey-results-part-1/",
    "forEntrepreneurs",
)
KBCM_2019_SUMMARY = Source(
    "2019 Private SaaS Company Survey, summary of median performance",
    "KBCM Technology Group",
    2018,
    "https://www.scribd.com/document/486191576/2019-KBCM-SaaS-Survey-pdf",
)
KBCM_2021 = Source(
    "2021 Private SaaS Company Survey",
    "KBCM Technology Group",
    2020,
    "https://slidepub.com/slideshow/keybank-private-saas-company-survey-2021",
)


def _percents(
    measure: str, statistic: str, source: Source, *told: tuple[int, int | None, str]
) -> list[Benchmark]:
    return [
        Benchmark(measure, statistic, low, high, Fraction(percent) / 100, source)
        for low, high, percent in told
    ]


BENCHMARKS: tuple[Benchmark, ...] = (
    *_percents(
        "growth",
        "median",
        SAAS_CAPITAL_2022,
        (0, MILLION, "68"),
        (MILLION, 3 * MILLION, "45"),
        (3 * MILLION, 5 * MILLION, "35"),
        (5 * MILLION, 10 * MILLION, "40"),
        (10 * MILLION, 20 * MILLION, "33"),
        (20 * MILLION, None, "35"),
    ),
    *_percents(
        "growth",
        "top_tenth",
        SAAS_CAPITAL_2022,
        (0, MILLION, "242"),
        (MILLION, 3 * MILLION, "252"),
        (3 * MILLION, 5 * MILLION, "160"),
        (5 * MILLION, 10 * MILLION, "100"),
        (10 * MILLION, 20 * MILLION, "99"),
        (20 * MILLION, None, "90"),
    ),
    *_percents("growth", "median", SAAS_CAPITAL_2024, (3 * MILLION, 20 * MILLION, "30")),
    *_percents("growth", "top_tenth", SAAS_CAPITAL_2024, (3 * MILLION, 20 * MILLION, "75")),
    *_percents("growth", "median", SAAS_CAPITAL_2025, (0, None, "25")),
    *_percents("growth", "top_quartile", CHARTMOGUL_2023, (MILLION, 30 * MILLION, "62.1")),
    *_percents("growth", "median", KBCM_2019, (0, None, "40"), (25 * MILLION, None, "35")),
    *_percents("growth", "median", KBCM_2021, (0, None, "31"), (25 * MILLION, None, "24")),
    *_percents(
        "net_revenue_retention",
        "best",
        CHARTMOGUL_RETENTION_2023,
        (0, 300_000, "95"),
        (15 * MILLION, 30 * MILLION, "110"),
    ),
    *_percents("net_revenue_retention", "median", SAAS_CAPITAL_2024, (3 * MILLION, 20 * MILLION, "100")),
    *_percents("net_revenue_retention", "top_tenth", SAAS_CAPITAL_2024, (3 * MILLION, 20 * MILLION, "120")),
    *_percents("gross_revenue_retention", "median", SAAS_CAPITAL_2022, (MILLION, None, "91")),
    *_percents("gross_churn", "median", KBCM_2019_SUMMARY, (5 * MILLION, None, "13")),
)
