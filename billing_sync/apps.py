from importlib import import_module

from django.apps import AppConfig


class BillingSyncConfig(AppConfig):
    name = "billing_sync"

    def ready(self) -> None:
        # Before the first connection is made: it knows what is registered by then.
        import_module("billing_sync.mirror.arrays")
