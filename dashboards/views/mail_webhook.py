"""Where a mail provider tells what became of messages: bounces and complaints suspend an address."""

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.outbox import suspend

READERS: dict[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailersend": MailerSendTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "mailtrap": MailtrapTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "resend": ResendTrackingWebhookView,
    "sparkpost": SparkPostTrackingWebhookView,
}
# A provider that gave up on an address for now says `deferred`, which suspends nothing.
SUSPENDING = {
    EventType.BOUNCED: "bounced",
    EventType.REJECTED: "bounced",
    EventType.COMPLAINED: "complained",
}


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_webhook(request: HttpRequest) -> HttpResponse:
    """Take what the provider posts under the secret of MAIL_WEBHOOK_SECRET; without one, nothing is here."""
    reader = READERS.get(settings.MAIL_SERVER.provider)
    if reader is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404("No provider of mail reports here.")
    view = reader()
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(status=403)
    if request.method == "HEAD":
        return HttpResponse()
    try:
        events = view.parse_events(request)
    except (ValueError, KeyError, TypeError, AttributeError):
        return HttpResponse(status=400)
    for event in events:
        reason = SUSPENDING.get(event.event_type)
        if reason and event.recipient:
            suspend(event.recipient, reason, event.description or event.mta_response or "")
    return HttpResponse()
