"""Row level security as a migration operation: a table and its policy arrive together."""

from django.db import migrations

POLICY = "tenant"


class EnableRowLevelSecurity(migrations.RunSQL):
    """Enable and force row level security with the one standard policy on each table."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables
        super().__init__([enable(table) for table in tables], [disable(table) for table in tables])

    def deconstruct(self) -> tuple[str, tuple[str, ...], dict[str, object]]:
        return self.__class__.__qualname__, self.tables, {}

    def describe(self) -> str:
        return f"Row level security on {', '.join(self.tables)}"


def enable(table: str) -> str:
    return (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY; '
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY; '
        f'CREATE POLICY {POLICY} ON "{table}" FOR ALL '
        f"USING (organization_id = (SELECT current_setting('app.organization_id')::uuid)) "
        f"WITH CHECK (organization_id = (SELECT current_setting('app.organization_id')::uuid))"
    )


def disable(table: str) -> str:
    return (
        f'DROP POLICY {POLICY} ON "{table}"; '
        f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY; '
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'
    )
