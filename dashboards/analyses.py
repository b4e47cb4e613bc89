"""The pages of the analysis, in the order in which a founder asks, each with the question it answers."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Analysis:
    """One page: the name of its address, its title, and what it answers."""

    name: str
    title: "str | Promise"
    answers: "str | Promise"


ANALYSES: tuple[Analysis, ...] = (
    # One page each.
    Analysis("calendar", _("Calendar"), _("What is already decided, day by day, and committed MRR?")),
    Analysis("forecast", _("Forecast"), _("Where does MRR go if the months ahead are like the last?")),
    Analysis("plans", _("Plans"), _("Which plans carry the revenue, and who moves between them?")),
    Analysis("cohorts", _("Cohorts"), _("Who stays, and for how long?")),
    Analysis("trials", _("Trials"), _("How many trials become paying, how soon, and what is on trial now?")),
    Analysis("payback", _("CAC payback"), _("How soon do new customers pay back what winning them cost?")),
    Analysis("benchmarks", _("Benchmarks"), _("What do others of this size report?")),
    Analysis("glossary", _("Glossary"), _("What does each figure mean, worked on your own numbers?")),
)
