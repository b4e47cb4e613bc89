from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("api/v1/", include("dashboards.api.urls")),
    path("", include("dashboards.urls")),
]
