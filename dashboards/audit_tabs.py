"""The tabs of the audit pages, in the order in which they stand."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: the name of its page's address, which also says which tab is open, and its label."""

    name: str
    label: "str | Promise"


TABS = (
    Tab("definition", _("Definition")),
    Tab("closed_months", _("Closed months")),
    Tab("rates", _("Exchange rates")),
    Tab("bridge", _("Other tools")),
    Tab("clean", _("Clean check")),
    Tab("excluded", _("Not in MRR")),
    Tab("uploads", _("Compare a file")),
)
