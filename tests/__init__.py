"""Importing any test first gives the process its own servers, keys and directories."""

import os

import django
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.environment import prepare

prepare()
django.setup()
# Passwords are hashed slowly on purpose; those of tests protect nobody.
PBKDF2PasswordHasher.iterations = 1_000
# Parallel workers would load the settings before they have a database of their own.
del os.environ["DJANGO_SETTINGS_MODULE"]
