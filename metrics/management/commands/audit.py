import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing_sync.management.organization import organization_named
from metrics.auditing.auditing import audit
from metrics.management.output import json_text


class Command(BaseCommand):
    help = "Compare an organization's tables with a second sum of their segments; exit 1 on drift."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        run = audit(organization_named(slug).id)
        if run is None:
            raise CommandError(f"Nothing has been computed yet. Run manage.py sync {slug} first.")
        if options["json"]:
            names = ("customers", "rows", "differences", "drift", "definition_version", "build")
            self.stdout.write(json_text({name: getattr(run, name) for name in names}))
        else:
            self.stdout.write(f"{run.customers} customers, {run.rows} rows, {run.differences} differ")
            for one in run.drift:
                stored, expected = (one[side] or "nothing" for side in ("stored", "expected"))
                self.stdout.write(
                    f"{one['table']} {one['key']}: {one['column']} {stored}, expected {expected}"
                )
        if run.differences:
            self.stderr.write(f"The tables have drifted. Run manage.py recompute {slug} to build them again.")
            sys.exit(1)
