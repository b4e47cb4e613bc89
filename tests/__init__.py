"""Importing any test first gives the process its own servers, keys and directories."""

import os

import django

from tests.environment import prepare

prepare()
django.setup()
# Parallel workers would load the settings before they have a database of their own.
del os.environ["DJANGO_SETTINGS_MODULE"]
