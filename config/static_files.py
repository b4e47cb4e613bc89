"""How static files are served: as `make` collected them, else as their sources stand."""

from pathlib import Path
from typing import Any

# Names that tell a file's content: those collected, and those that esbuild gives to parts of a script.
IMMUTABLE = r"\.[0-9a-f]{12}\.\w+$|-[0-9A-Z]{8}\.js$"
SOURCES = "django.contrib.staticfiles.storage.StaticFilesStorage"
COLLECTED = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def is_collected(directory: Path) -> bool:
    """Say whether files stand there compressed, and named by their content."""
    return (directory / "staticfiles.json").exists()


def storages(collected: bool) -> dict[str, dict[str, Any]]:
    """Return the storages of files, static ones as they are served."""
    return {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": COLLECTED if collected else SOURCES},
    }
