from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Command(collectstatic.Command):
    """Collect static files compressed and named by their content, whatever serves them until then."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.storage = CompressedManifestStaticFilesStorage(location=settings.STATIC_COLLECTED)
