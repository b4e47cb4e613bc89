"""Leaving an account: what becomes of its data is asked, and nothing is chosen beforehand."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import OrganizationRequest, confirmed, requires
from accounts.models import Role
from billing_sync.disconnecting import disconnect, may_keep
from billing_sync.models import Connection
from dashboards.forms import DisconnectForm
from dashboards.views.connections import connection_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.ADMIN)
@confirmed
def disconnection(request: OrganizationRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """Ask whether to keep or to delete what was read, then disconnect."""
    connection = connection_of(request, connection_id)
    form = DisconnectForm(request.POST or None, may_keep=may_keep(connection))
    if request.method == "POST" and form.is_valid():
        keep = form.cleaned_data["choice"] == "keep"
        disconnect(connection, keep=keep, by=request.user)
        messages.success(request, _done(connection, keep=keep))
        return redirect("connections", slug)
    context = {
        "section": "connections",
        "form": form,
        "connection": connection,
        "may_keep": may_keep(connection),
        "connected": connection.kind != Connection.Kind.ARCHIVE
        and connection.state != Connection.State.DISCONNECTED,
    }
    return render(request, "connections/disconnection.html", context, status=400 if form.errors else 200)


def _done(connection: Connection, *, keep: bool) -> str:
    words = _("%(name)s is disconnected. Its numbers stay as they are.")
    if not keep:
        words = _("%(name)s is being deleted; its numbers are taken out of yours.")
    return words % {"name": connection.name or _("The account")}
