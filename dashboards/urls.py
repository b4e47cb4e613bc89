from django.urls import path

from dashboards.views import connections, dashboard, health, webhooks

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.stripe_webhook, name="stripe_webhook"),
    path("o/<slug:slug>/", dashboard.dashboard, name="dashboard"),
    path("o/<slug:slug>/connections/", connections.connections, name="connections"),
    path("o/<slug:slug>/connections/new", connections.new_connection, name="new_connection"),
]
