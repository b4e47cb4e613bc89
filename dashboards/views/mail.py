"""What each member hears by e-mail, and the page that ends it without a sign-in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import outbox
from accounts.access import OrganizationRequest
from config import clock
from dashboards.alert_forms import MailPreferenceForm
from dashboards.emails.letter import preference
from dashboards.emails.unsubscribing import LinkError, read, unsubscribe


@require_http_methods(["GET", "HEAD", "POST"])
def mail_preferences(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Let a member choose what she hears from this organization."""
    form = MailPreferenceForm(request.POST or None, instance=preference(request.organization, request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("mail_preferences", slug)
    context = {"section": "mail", "form": form, "suspension": outbox.suspension(request.user.email)}
    return render(request, "mail/preferences.html", context, status=400 if form.errors else 200)


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
