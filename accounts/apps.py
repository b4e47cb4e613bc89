from typing import Any, ClassVar

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.module_loading import autodiscover_modules

from accounts.app_role import refuse_unsafe_role


class AccountsConfig(AppConfig):
    name = "accounts"
    checked: ClassVar[set[str]] = set()

    def ready(self) -> None:
        autodiscover_modules("jobs", "mail", "outbox", "privacy", "privacy.own")
        connection_created.connect(self.check_role, dispatch_uid="accounts.check_role")

    def check_role(self, connection: Any, **kwargs: Any) -> None:
        """Check the app role once per process and server, at the first connection of each."""
        if connection.alias == "owner" or connection.alias in self.checked:
            return
        refuse_unsafe_role(connection)
        self.checked.add(connection.alias)
