"""The alerts: how the rules stand, what fired, what is behind it, and the rules' own settings."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import jobs
from accounts.access import OrganizationRequest, requires
from accounts.models import Role
from billing_sync.health import standing_of
from billing_sync.models import Connection
from billing_sync.progress import ConnectionProgress, progress
from dashboards.alert_forms import AcknowledgementForm, RuleForm
from dashboards.alert_rows import alert_line, evidence_count, evidence_rows
from dashboards.alert_terms import terms
from dashboards.alerts import AlertRow, alert_row
from dashboards.backtests import backtest_of, history_of
from dashboards.fragments import render_page
from metrics import queries
from metrics.alerts import versions
from metrics.alerts.acknowledging import acknowledge, with_seen
from metrics.alerts.models import Alert
from metrics.alerts.present import Silence, all_present
from metrics.alerts.rules import RULES, AlertSettings
from metrics.queries import Shown
from metrics.settings import changed

AT_MOST = 50


@require_safe
def alerts(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show how every rule stands in each currency, and what fired before."""
    organization = request.organization
    shown, connections = queries.shown(organization.id), progress(organization.id)
    found = with_seen(organization.id).order_by("-fired_on", "rule")[:AT_MOST]
    context = {
        "section": "alerts",
        "rows": _rows(shown, connections, slug),
        "alerts": [alert_line(one, shown.alerts) for one in found],
        "rules": [(rule, term.label, shown.alerts.is_on(rule)) for rule, term in terms(shown.alerts).items()],
        "freshness": shown.freshness,
        "standings": [standing_of(one) for one in connections if one.kind != Connection.Kind.ARCHIVE],
        "may_change": Role(request.membership.role).covers(Role.ADMIN),
    }
    return render_page(request, "alerts/alerts.html", context)


def _rows(shown: Shown, connections: Sequence[ConnectionProgress], slug: str) -> list[AlertRow]:
    found = all_present(shown, connections)
    if isinstance(found, Silence):
        currencies = queries.all_months(shown).currencies()
        return [alert_row(found, shown, each, slug) for each in currencies]
    return [alert_row(standing, shown, each, slug) for each, standing in found.items()]


@require_safe
def alert(request: OrganizationRequest, slug: str, alert_id: UUID) -> HttpResponse:
    """Show one alert: its figure, the rows behind it, and who has seen it."""
    organization = request.organization
    wanted = Alert.objects.filter(organization_id=organization.id, id=alert_id)
    alike = list(
        with_seen(organization.id).filter(
            rule=Subquery(wanted.values("rule")), currency=Subquery(wanted.values("currency"))
        )
    )
    found = next((one for one in alike if one.id == alert_id), None)
    if found is None:
        raise Http404("No such alert.")
    settings = changed(AlertSettings(), found.judged_by or {})
    shown = queries.shown(organization.id)
    context = {
        "section": "alerts",
        "alert": found,
        "line": alert_line(found, settings),
        "term": terms(settings)[found.rule],
        "rows": evidence_rows(organization.id, found),
        "total": evidence_count(found),
        "drawing": history_of(shown, found, alike, settings),
        "form": AcknowledgementForm(),
        "may_acknowledge": found.recovered_on is None and Role(request.membership.role).covers(Role.MEMBER),
    }
    return render_page(request, "alerts/alert.html", context)


@require_POST
@requires(Role.MEMBER)
def acknowledgement(request: OrganizationRequest, slug: str, alert_id: UUID) -> HttpResponse:
    """Note that somebody has seen an alert, so that no reminder follows."""
    found = get_object_or_404(Alert, organization_id=request.organization.id, id=alert_id)
    form = AcknowledgementForm(request.POST)
    if found.recovered_on is not None or not form.is_valid():
        messages.error(request, _("This alert has cleared already, or the choice is not one of those shown."))
        return redirect("alert", slug, alert_id)
    days = form.cleaned_data["days"]
    until = queries.today(request.organization.id) + timedelta(days=days) if days else None
    acknowledge(found, by=request.user, until=until)
    messages.success(request, _("Noted. Nobody is reminded of this alert meanwhile."))
    return redirect("alert", slug, alert_id)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.ADMIN)
def alert_rule(request: OrganizationRequest, slug: str, rule: str) -> HttpResponse:
    """Set one rule, and see when it would have fired in the last twelve months before saving it."""
    if rule not in RULES:
        raise Http404("No such rule.")
    organization = request.organization
    shown = queries.shown(organization.id)
    data = request.POST if request.method == "POST" else request.GET if "try" in request.GET else None
    form = RuleForm(rule, shown.alerts, data)
    valid = form.is_bound and form.is_valid()
    if request.method == "POST" and valid:
        versions.set_rules(organization.id, form.values(), by=request.user)
        jobs.enqueue(organization.id, "evaluate_alerts")
        messages.success(request, _("Saved. The rule is judged anew from now on."))
        return redirect("alerts", slug)
    settings = changed(shown.alerts, form.values()) if valid else shown.alerts
    context: dict[str, Any] = {
        "section": "alerts",
        "rule": rule,
        "form": form,
        "term": terms(settings)[rule],
        "tried": valid,
        **_backtest(request, shown, rule, settings),
    }
    status = 400 if form.is_bound and not valid else 200
    return render_page(request, "alerts/rule.html", context, status=status)


def _backtest(
    request: OrganizationRequest, shown: Shown, rule: str, settings: AlertSettings
) -> dict[str, Any]:
    """Return the back-test in the currency that the address names, else in the organization's first."""
    currencies = queries.all_months(shown).currencies()
    own = request.organization.currency.lower()
    asked = request.GET.get("currency") or request.POST.get("currency") or own
    currency = asked if asked in currencies else next(iter(currencies), "")
    if not currency:
        return {}
    return {
        "backtest": backtest_of(shown, currency, rule, settings),
        "backtest_currency": currency,
        "currencies": currencies,
        "currency": currency.upper(),
    }
