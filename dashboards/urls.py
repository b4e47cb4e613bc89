from django.urls import path

from dashboards.views import connections, dashboard, disconnection, health, oauth, webhooks

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.stripe_webhook, name="stripe_webhook"),
    path("o/<slug:slug>/", dashboard.dashboard, name="dashboard"),
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
    path("connections/oauth/callback", oauth.callback, name="oauth_callback"),
]
