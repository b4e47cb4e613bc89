from django.urls import path

from dashboards.api import document, operations

urlpatterns = [
    path("openapi.json", document.openapi, name="api_openapi"),
    *operations.urls,
]
