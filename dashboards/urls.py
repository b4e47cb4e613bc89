from django.urls import path

from dashboards.views import (
    alerts,
    bridge,
    connections,
    dashboard,
    definition,
    disconnection,
    health,
    mail,
    mail_webhook,
    oauth,
    rates,
    sync,
    webhooks,
)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.stripe_webhook, name="stripe_webhook"),
    path("o/<slug:slug>/", dashboard.dashboard, name="dashboard"),
    path("o/<slug:slug>/sync/", sync.sync, name="sync"),
    path("o/<slug:slug>/connections/", connections.connections, name="connections"),
    path("o/<slug:slug>/connections/new", connections.new_connection, name="new_connection"),
    path("o/<slug:slug>/connections/authorization", oauth.authorization, name="authorization"),
    path(
        "o/<slug:slug>/connections/<uuid:connection_id>/authorization",
        oauth.authorization,
        name="authorization_again",
    ),
    path("o/<slug:slug>/connections/<uuid:connection_id>/key", connections.key, name="connection_key"),
    path(
        "o/<slug:slug>/connections/<uuid:connection_id>/disconnection",
        disconnection.disconnection,
        name="disconnection",
    ),
    path("o/<slug:slug>/connections/<uuid:connection_id>/webhook", webhooks.webhook, name="webhook"),
    path(
        "o/<slug:slug>/connections/<uuid:connection_id>/webhook/creation",
        webhooks.creation,
        name="webhook_creation",
    ),
    path(
        "o/<slug:slug>/connections/<uuid:connection_id>/webhook/rotation",
        webhooks.rotation,
        name="webhook_rotation",
    ),
    path(
        "o/<slug:slug>/connections/<uuid:connection_id>/webhook/removal",
        webhooks.removal,
        name="webhook_removal",
    ),
    path("connections/oauth/callback", oauth.callback, name="oauth_callback"),
    path("o/<slug:slug>/alerts/", alerts.alerts, name="alerts"),
    path("o/<slug:slug>/alerts/<uuid:alert_id>", alerts.alert, name="alert"),
    path(
        "o/<slug:slug>/alerts/<uuid:alert_id>/acknowledgement", alerts.acknowledgement, name="acknowledgement"
    ),
    path("o/<slug:slug>/alerts/rules/<slug:rule>", alerts.alert_rule, name="alert_rule"),
    path("o/<slug:slug>/audit/definition/", definition.definition, name="definition"),
    path("o/<slug:slug>/audit/rates/", rates.rates, name="rates"),
    path("o/<slug:slug>/audit/rates/upload", rates.rates_upload, name="rates_upload"),
    path("o/<slug:slug>/audit/rates/fetch", rates.rates_fetch, name="rates_fetch"),
    path("o/<slug:slug>/audit/bridge/", bridge.bridge, name="bridge"),
    path("o/<slug:slug>/audit/bridge/<slug:vendor>/<slug:step>", bridge.bridge_step, name="bridge_step"),
    path("o/<slug:slug>/mail/", mail.mail_preferences, name="mail_preferences"),
    path("o/<slug:slug>/mail/settings", mail.mail_settings, name="mail_settings"),
    path("o/<slug:slug>/mail/test", mail.mail_test, name="mail_test"),
    path("o/<slug:slug>/mail/suspension", mail.mail_suspension, name="mail_suspension"),
    path("webhooks/mail/", mail_webhook.mail_webhook, name="mail_webhook"),
    path("unsubscribe/<str:token>", mail.unsubscribe_page, name="unsubscribe"),
]
