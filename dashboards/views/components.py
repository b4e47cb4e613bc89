"""Every component of the pages, with its states, drawn by the templates that pages use."""

from datetime import date

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboards.formatting import money, percent
from dashboards.glossary import TERMS
from dashboards.selection import Choice
from dashboards.snapshot import Change, Figure

TONES = ("info", "success", "warning", "error")
BADGES = ("", "badge-good", "badge-warn", "badge-bad")
KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
HEADLINES = {"mrr": "good", "arr": "good", "net_new": "bad", "revenue_churn_rate": "none"}
MRR_MICRO = 12_345_670_000_000
ICONS = ("alert", "check", "chevron", "clock", "cross", "eye", "left", "question", "right")


class ExampleForm(forms.Form):
    """One field of each kind, as forms draw them."""

    name = forms.CharField(label=gettext_lazy("Name"), help_text=gettext_lazy("As your team calls it."))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[("owner", gettext_lazy("Owner")), ("viewer", gettext_lazy("Viewer"))],
    )
    weekly = forms.BooleanField(label=gettext_lazy("Every week"), required=False)


@require_safe
@login_required
def components(request: HttpRequest) -> HttpResponse:
    """Show the design system."""
    context = {
        "tones": TONES,
        "badges": BADGES,
        "icons": [f"components/icons/{name}.html" for name in ICONS],
        "form": ExampleForm(),
        "refused": ExampleForm({"role": "owner"}, prefix="refused"),
        "term": TERMS["mrr"],
        "figures": [
            *(_figure(name, "headline", tone) for name, tone in HEADLINES.items()),
            *(_figure(kind, "movement") for kind in KINDS),
        ],
        "chips": [Choice("plan", "Team", "?plan="), Choice("country", "DE", "?country=")],
        "options": [Choice("de", "DE"), Choice("fr", "FR", chosen=True)],
        "segments": [Choice("12", _("12 months"), "?", chosen=True), Choice("24", _("24 months"), "?")],
        "rows": [(date(2026, month, 1), money(MRR_MICRO * month, "eur")) for month in (1, 2, 3)],
    }
    return render(request, "design/components.html", context)


def _figure(name: str, rank: str, tone: str = "") -> Figure:
    return Figure(
        name=name,
        rank=rank,
        value=money(MRR_MICRO, "eur"),
        before=str(money(MRR_MICRO, "eur")),
        change=Change(percent(None) if not tone else "+4.2%", tone) if tone else None,
        term=TERMS[name],
        tone=name if rank == "movement" else "",
    )
