#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.embedded.attach import ServersUnavailableError, servers_for
from config.management.commands.up import Command as Up


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with servers_for(sys.argv[1:]):
            if sys.argv[1:2] == ["up"]:
                # It only looks after other processes: the apps would weigh 100 MB while it does.
                Up().run_from_argv(sys.argv)
            else:
                execute_from_command_line(sys.argv)
    except (ServersUnavailableError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
