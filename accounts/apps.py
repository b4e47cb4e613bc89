from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.module_loading import autodiscover_modules

from accounts.app_role import refuse_unsafe_role


class AccountsConfig(AppConfig):
    name = "accounts"
    role_checked = False

    def ready(self) -> None:
        autodiscover_modules("jobs", "mail", "outbox", "privacy", "privacy.own")
        connection_created.connect(self.check_role, dispatch_uid="accounts.check_role")

    def check_role(self, connection: Any, **kwargs: Any) -> None:
        """Check the app role once per process, at the first connection: web, worker and commands alike."""
        if connection.alias != "default" or self.role_checked:
            return
        refuse_unsafe_role(connection)
        self.role_checked = True
