"""Millrace as a Django app: its commands, and Celery for whoever loads the apps.

What only starts processes, or keeps the servers, goes without: importing Celery takes 10 MB.
"""

from django.apps import AppConfig

from config.celery import app

__all__ = ["ConfigConfig", "app"]


class ConfigConfig(AppConfig):
    name = "config"
