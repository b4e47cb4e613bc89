"""A program that rotates keys in a process of its own for each line it is told, for tests to kill."""

import os
import sys

import django
from django.core.management import call_command

django.setup()
for _line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            call_command("rotate_keys", stdout=sys.stderr)
        except BaseException:
            os._exit(1)
        os._exit(0)
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
    sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
    sys.stdout.flush()
