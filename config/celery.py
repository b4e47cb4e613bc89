"""The Celery application; it only wakes jobs, the truth about them is in PostgreSQL."""

import os
import sys

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery throws away what Django's checks find, and every page and address would be loaded for them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("millrace")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Connections go back to their pool after each task; Celery would close the pool, and open another, as often.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.autodiscover_tasks()
