"""What each member hears by e-mail, and the page that ends it without a sign-in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import outbox
from accounts.access import OrganizationRequest, requires
from accounts.audit import record
from accounts.models import Role
from config import clock
from dashboards.emails.letter import preference
from dashboards.emails.unsubscribing import LinkError, read, unsubscribe
from dashboards.mail_forms import MailPreferenceForm, MailSettingsForm
from metrics.alerts.models import MailSettings


@require_http_methods(["GET", "HEAD", "POST"])
def mail_preferences(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Let a member choose what she hears from this organization."""
    form = MailPreferenceForm(request.POST or None, instance=preference(request.organization, request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("mail_preferences", slug)
    return _page(request, form, MailSettingsForm(instance=_settings(request)))


@require_POST
@requires(Role.ADMIN)
def mail_settings(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Set what every e-mail of the organization shows, and where answers go."""
    form = MailSettingsForm(request.POST, instance=_settings(request))
    if not form.is_valid():
        mine = MailPreferenceForm(instance=preference(request.organization, request.user))
        return _page(request, mine, form)
    found = form.save()
    record("mail_settings.changed", actor=request.user, shows_payers=found.shows_payers)
    messages.success(request, _("Saved."))
    return redirect("mail_preferences", slug)


def _settings(request: OrganizationRequest) -> MailSettings:
    found = MailSettings.objects.filter(organization_id=request.organization.id).first()
    return found or MailSettings(organization=request.organization)


def _page(request: OrganizationRequest, mine: MailPreferenceForm, ours: MailSettingsForm) -> HttpResponse:
    admin = Role(request.membership.role).covers(Role.ADMIN)
    context = {
        "section": "mail",
        "form": mine,
        "settings_form": ours if admin else None,
        "suspension": outbox.suspension(request.user.email),
        "suspended": outbox.suspended_members(request.organization) if admin else (),
    }
    status = 400 if mine.errors or ours.errors else 200
    return render(request, "mail/preferences.html", context, status=status)


@require_POST
def mail_test(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Send the member who asks a message that shows that e-mail arrives."""
    key = f"test:{clock.now():%Y-%m-%dT%H:%M}"
    outbox.put(request.organization.id, [request.user.pk], "test", key)
    messages.success(request, _("A test message is on its way to %(email)s.") % {"email": request.user.email})
    return redirect("mail_preferences", slug)


@require_POST
def mail_suspension(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Let a member send to her own address again after it was suspended."""
    outbox.lift(request.user.email)
    messages.success(request, _("Messages go to %(email)s again.") % {"email": request.user.email})
    return redirect("mail_preferences", slug)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """End one kind of e-mail: a mail program posts, a person sees a button first."""
    try:
        link = read(token)
    except LinkError:
        return render(request, "mail/unsubscribe_error.html", status=404)
    if request.method == "POST":
        unsubscribe(link)
    return render(request, "mail/unsubscribe.html", {"kind": link.kind, "done": request.method == "POST"})
