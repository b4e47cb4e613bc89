from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        """Let every kind of e-mail find who writes it."""
        autodiscover_modules("emails.kinds")
