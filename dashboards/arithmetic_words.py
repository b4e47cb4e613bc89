"""The arithmetic of a segment in words and figures, and as one line."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboards.formatting import MINUS, number, percent, written
from dashboards.rule_words import rule_words
from metrics.core.facts import Exact
from metrics.core.money import decimals
from metrics.evidence.arithmetic import Explanation, Ignored, Step

LONGEST = 12
DURATIONS = {
    "forever": gettext_lazy("forever"),
    "repeating": gettext_lazy("for some months"),
    "once": gettext_lazy("once"),
}
WHY = {
    "unknown_coupon": gettext_lazy("its coupon is not known"),
    "usage": gettext_lazy("usage is counted as it was invoiced, after discounts"),
    "duration": gettext_lazy("the definition does not count discounts of this duration"),
    "products": gettext_lazy("its coupon is for other products"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step: what is done, with which figures, and what is left."""

    label: str
    reckoning: str
    left: str
    short: str


def exact_text(amount: Exact, currency: str) -> str:
    """Write minor units in major ones with every decimal they have; without an end, ≈ and six places."""
    value = Fraction(amount) / 10 ** decimals(currency)
    for places in range(decimals(currency), LONGEST + 1):
        if (value * 10**places).denominator == 1:
            return str(written(int(value * 10**places), places, currency))
    return f"≈ {written(round(value * 10**6), 6, currency)}"


def _places(value: Fraction) -> int:
    """Return with how many decimals a number is whole, the longest where it never is."""
    return next((places for places in range(LONGEST) if (value * 10**places).denominator == 1), LONGEST)


def lines(explanation: Explanation) -> list[Line]:
    """Return every step in words; the last is what the segment counts."""
    currency = explanation.configuration.currency
    return [_line(step, currency) for step in explanation.steps]


def formula(explanation: Explanation) -> str:
    """Return the arithmetic as one line: €49.00 × 3 − 20% forever, tax out ÷ 3 months = €39.20."""
    told = lines(explanation)
    whole = " ".join(line.short for line in told if line.short).replace(" ,", ",")
    return f"{whole} = {told[-1].left}"


def ignored(one: Ignored) -> str:
    """Say why a discount takes nothing off."""
    return _("%(coupon)s takes nothing off: %(why)s.") % {"coupon": one.applied.coupon, "why": WHY[one.why]}


def _line(step: Step, currency: str) -> Line:
    label, reckoning, short = WORDS[step.code](step, currency)
    left = number(Fraction(step.left)) if step.code == "packages" else exact_text(step.left, currency)
    return Line(label, reckoning, left, short)


Said = tuple[str, str, str]


def _per_unit(step: Step, currency: str) -> Said:
    unit, quantity = exact_text(step.facts["unit"], currency), step.facts["quantity"]
    words = f"{unit} × {number(quantity)}"
    return _("Price for the quantity"), words, words


def _packages(step: Step, currency: str) -> Said:
    facts = step.facts
    up = _("rounded up") if facts["round"] == "up" else _("rounded down")
    words = ngettext(
        "%(units)s unit in packages of %(size)s, %(rounded)s",
        "%(units)s units in packages of %(size)s, %(rounded)s",
        facts["units"],
    ) % {"units": number(facts["units"]), "size": number(facts["divide_by"]), "rounded": up}
    return _("Packages"), words, f"({words})"


def _tier(step: Step, currency: str) -> Said:
    facts = step.facts
    words = _of_tier(step, currency)
    first = number(facts["below"] + 1)
    if facts["up_to"] is None:
        label = _("Tier from %(first)s on") % {"first": first}
    else:
        label = _("Tier %(first)s to %(last)s") % {"first": first, "last": number(facts["up_to"])}
    return label, words, words if facts["below"] == 0 else f"+ {words}"


def _volume(step: Step, currency: str) -> Said:
    up_to, words = step.facts["up_to"], _of_tier(step, currency)
    if up_to is None:
        return _("Volume price above the last step"), words, words
    return _("Volume price up to %(last)s") % {"last": number(up_to)}, words, words


def _of_tier(step: Step, currency: str) -> str:
    facts = step.facts
    words = f"{exact_text(facts['unit'], currency)} × {number(facts['quantity'])}"
    return f"{words} + {exact_text(facts['flat'], currency)}" if facts["flat"] else words


def _usage(step: Step, currency: str) -> Said:
    words = _("the mean of the last three invoiced amounts")
    if not step.facts["known"]:
        words = _("nothing has been invoiced yet")
    return _("Metered usage"), words, exact_text(step.left, currency)


def _unknown(step: Step, currency: str) -> Said:
    return _("Price"), _("the price does not say what it costs"), exact_text(0, currency)


def _percent_off(step: Step, currency: str) -> Said:
    facts = step.facts
    share = percent(facts["percent"] / 100, _places(facts["percent"]))
    words = f"{MINUS} {share} {_duration(step)}"
    return _label(step), f"{words} = {MINUS} {exact_text(facts['off'], currency)}", words


def _amount_off(step: Step, currency: str) -> Said:
    facts = step.facts
    whole, off = exact_text(facts["amount"], currency), exact_text(facts["off"], currency)
    short = f"{MINUS} {off} {_duration(step)}"
    if facts["items"] == 1:
        return _label(step), short, short
    shared = ngettext(
        "%(off)s: this item's part of %(whole)s off %(count)s item of %(over)s, %(duration)s",
        "%(off)s: this item's part of %(whole)s off %(count)s items of %(over)s, %(duration)s",
        facts["items"],
    ) % {
        "off": f"{MINUS} {off}",
        "whole": whole,
        "count": number(facts["items"]),
        "over": exact_text(facts["over"], currency),
        "duration": _duration(step),
    }
    return _label(step), shared, short


def _label(step: Step) -> str:
    return _("Discount %(coupon)s") % {"coupon": step.facts["coupon"]}


def _duration(step: Step) -> str:
    word = step.facts["duration"]
    return str(DURATIONS.get(word, word))


def _tax(step: Step, currency: str) -> Said:
    share = step.facts["share"]
    words = _("− %(share)s of it: the tax that the price includes") % {"share": share}
    return _("Tax out"), words, _(", tax out")


def _interval(step: Step, currency: str) -> Said:
    count, interval = step.facts["count"], step.facts["interval"]
    if interval in ("month", "year"):
        months = count * (12 if interval == "year" else 1)
        words = ngettext("÷ %(months)s month", "÷ %(months)s months", months) % {"months": months}
        return _("A month's share"), words, words
    periods = {"week": 52, "day": 365}[interval]
    names = {"week": _("× 52 weeks a year ÷ %(months)s"), "day": _("× 365 days a year ÷ %(months)s")}
    short = f"× {periods} ÷ {12 * count}"
    words = names[interval] % {"months": 12 * count}
    return _("A month's share"), words, short


def _rounded(step: Step, currency: str) -> Said:
    return _("Rounding"), _("to a millionth of the currency's smallest unit, half to even"), ""


def _rule(step: Step, currency: str) -> Said:
    words = rule_words(step.facts["rule"])
    return _("Left out"), words, _(", left out: %(rule)s") % {"rule": words}


WORDS: dict[str, Callable[[Step, str], Said]] = {
    "per_unit": _per_unit,
    "packages": _packages,
    "tier": _tier,
    "volume": _volume,
    "usage": _usage,
    "unknown": _unknown,
    "percent_off": _percent_off,
    "amount_off": _amount_off,
    "tax": _tax,
    "interval": _interval,
    "rounded": _rounded,
    "rule": _rule,
}
