"""The bands of monthly growth in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By the names that `metrics.core.rates.growth_band` gives them, the highest first.
BANDS: "dict[str, str | Promise]" = {
    "exceptional": _("exceptional: 10% a month and above"),
    "strong": _("strong: 5% to 10% a month"),
    "solid": _("solid: 3% to 5% a month"),
    "fair": _("fair: 2% to 3% a month"),
    "needs_attention": _("needs attention: below 2% a month"),
}
