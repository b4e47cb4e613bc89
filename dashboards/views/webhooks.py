"""Where Stripe posts, and the pages on which an endpoint is made, changed and removed."""

from uuid import UUID

from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from billing_sync.webhooks.receiving import receive


@csrf_exempt
@non_atomic_requests
def stripe_webhook(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take a post of Stripe's where Django sees it first; a signature stands for the token of a form."""
    status = receive(connection_id, request.META)
    headers = {"Cache-Control": "no-store", **({"Allow": "POST"} if status == 405 else {})}
    return HttpResponse(status=status, headers=headers)
