"""The tools whose rules are known, in the order in which they stand."""

from metrics.bridge.rules import RuleSet
from metrics.bridge.vendors.baremetrics import BAREMETRICS
from metrics.bridge.vendors.chartmogul import CHARTMOGUL
from metrics.bridge.vendors.profitwell import PROFITWELL
from metrics.bridge.vendors.stripe import STRIPE

VENDORS: dict[str, RuleSet] = {one.vendor: one for one in (STRIPE, CHARTMOGUL, PROFITWELL, BAREMETRICS)}
