#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, load_command_class

from config.embedded.attach import ServersUnavailableError, servers_for

# They use no model: the apps would weigh 100 MB for as long as they run.
WITHOUT_APPS = {"up": "config", "sandbox": "billing_sync"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with servers_for(sys.argv[1:]):
            name = sys.argv[1] if len(sys.argv) > 1 else ""
            if name in WITHOUT_APPS:
                load_command_class(WITHOUT_APPS[name], name).run_from_argv(sys.argv)
            else:
                execute_from_command_line(sys.argv)
    except (ServersUnavailableError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
