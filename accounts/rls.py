"""Row level security as a migration operation: a table and its policy arrive together."""

from django.db import migrations

POLICY = "tenant"
# Who may see payers is decided with the tenant: of a transaction that may not, no statement reads them.
PAYERS = "payers"
HIDES_PAYERS = "current_setting('app.payers', true) = 'hidden'"


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


class HidePayers(migrations.RunSQL):
    """Have a table show no personal data of payers to a transaction that may not see them.

    `rows` tells the rows that hold such data, all of them where it says nothing.
    """

    def __init__(self, *tables: str, rows: str = "true") -> None:
        self.tables, self.rows = tables, rows
        super().__init__([hide(table, rows) for table in tables], [show(table) for table in tables])

    def deconstruct(self) -> tuple[str, tuple[str, ...], dict[str, object]]:
        return self.__class__.__qualname__, self.tables, {"rows": self.rows}

    def describe(self) -> str:
        return f"Payers hidden in {', '.join(self.tables)}"


def hide(table: str, rows: str) -> str:
    return (
        f'CREATE POLICY {PAYERS} ON "{table}" AS RESTRICTIVE FOR SELECT '
        f"USING (({HIDES_PAYERS}) IS NOT TRUE OR NOT ({rows}))"
    )


def show(table: str) -> str:
    return f'DROP POLICY {PAYERS} ON "{table}"'
