"""What each alert rule means, with the organization's own thresholds in the words."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from dashboards.formatting import percent
from dashboards.glossary import Term
from metrics.alerts.rules import AlertSettings


def terms(settings: AlertSettings) -> Mapping[str, Term]:
    """Return each rule's name, meaning and comparison."""
    return _terms(settings, get_language())


@lru_cache(maxsize=1_024)
def _terms(settings: AlertSettings, _language: str | None) -> Mapping[str, Term]:
    return _of_movements(settings) | _of_rates(settings)


def _beyond_chance(meaning: str) -> str:
    told = _("An alert needs a difference larger than chance explains; below that the rule is watched.")
    return f"{meaning} {told}"


def _of_movements(settings: AlertSettings) -> dict[str, Term]:
    return {
        "revenue_churn": Term(
            _("Revenue churn"),
            _("MRR of customers who left altogether in the last 30 days, beside all MRR before those days."),
            _("alert above %(limit)s") % {"limit": percent(Fraction(settings.revenue_churn_threshold))},
        ),
        "new_mrr_flat": Term(
            _("New MRR"),
            _beyond_chance(
                _("New MRR of the last complete weeks, Monday to Sunday, beside the weeks before.")
            ),
            _("alert below %(ratio)s × what as many weeks brought on average before; weeks: %(weeks)d")
            % {"ratio": settings.new_mrr_flat_ratio, "weeks": settings.new_mrr_flat_weeks},
        ),
        "expansion_declining": Term(
            _("Expansion MRR"),
            _beyond_chance(_("Expansion MRR of complete months, each beside the month before.")),
            _("alert when it fell in each of the last months; months: %(months)d")
            % {"months": settings.expansion_decline_months},
        ),
    }


def _of_rates(settings: AlertSettings) -> dict[str, Term]:
    return {
        "failed_payments_rising": Term(
            _("Failed payments"),
            _beyond_chance(
                _("Invoices whose first payment attempt failed in the last 30 days, for each customer.")
            ),
            ngettext(
                "alert from %(least)d invoice and above %(ratio)s × the 30 days before",
                "alert from %(least)d invoices and above %(ratio)s × the 30 days before",
                settings.failed_payments_minimum,
            )
            % {"least": settings.failed_payments_minimum, "ratio": settings.failed_payments_ratio},
        ),
        "arr_growth_decelerating": Term(
            _("ARR growth"),
            _beyond_chance(
                _("Growth of ARR over three complete months beside the three before, two months running.")
            ),
            _("alert below %(ratio)s × the growth before") % {"ratio": settings.arr_growth_ratio},
        ),
        "net_revenue_retention_low": Term(
            _("Net retention"),
            _beyond_chance(
                _("What the MRR of 30 days ago has become: with expansion, without contraction and churn.")
            ),
            _("alert below %(limit)s") % {"limit": percent(Fraction(settings.nrr_warning))},
        ),
    }
