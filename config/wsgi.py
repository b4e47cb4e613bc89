import gc
import os

from django.core.wsgi import get_wsgi_application

from accounts.app_role import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

# Models can be imported only once Django is set up.
from billing_sync.webhooks.receiving import WebhooksFirst  # noqa: E402

# What is loaded by now stays: searching it for cycles would hold a page up for a tenth of a second.
GARBAGE = (10_000, 20, 20)

application = WebhooksFirst(django)
refuse_unsafe_start()
gc.collect()
gc.freeze()
gc.set_threshold(*GARBAGE)
