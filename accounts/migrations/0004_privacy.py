import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity

ORGANIZATION = models.ForeignKey(
    db_index=False,
    on_delete=django.db.models.deletion.CASCADE,
    related_name="+",
    to="accounts.organization",
)

# The app role may not delete from the audit log. These two may, and no more than they say: the log goes with
# its organization, whose row cannot go while any other table still names it, or when it is old.
FORGET_ORGANIZATION = """
CREATE FUNCTION forget_organization() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone uuid := current_setting('app.organization_id')::uuid;
BEGIN
    DELETE FROM public.accounts_auditentry WHERE organization_id = gone;
    DELETE FROM public.accounts_organization WHERE id = gone;
END $$
"""
FORGET_AUDIT = """
CREATE FUNCTION forget_audit(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE forgotten bigint;
BEGIN
    DELETE FROM public.accounts_auditentry
    WHERE organization_id = current_setting('app.organization_id')::uuid
    AND at < least(before, now() - interval '365 days');
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$
"""


class Migration(migrations.Migration):
    """Deletions that are remembered, archives to take away, and how long things are kept."""

    dependencies = [("accounts", "0003_language")]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(max_length=16)),
                ("organization_id", models.UUIDField(null=True)),
                ("digest", models.BinaryField(default=bytes, max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "organization_id", "digest"),
                        name="one_deletion_each",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Archive",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("ready", "Ready")],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("size", models.PositiveBigIntegerField(default=0)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("organization", ORGANIZATION),
            ],
        ),
        migrations.CreateModel(
            name="ArchivePiece",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "archive_id",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("archive_id", models.UUIDField()),
                ("position", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                ("organization", ORGANIZATION.clone()),
            ],
        ),
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "kind",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("days", models.PositiveIntegerField(null=True)),
                ("organization", ORGANIZATION.clone()),
            ],
        ),
        EnableRowLevelSecurity("accounts_archive", "accounts_archivepiece", "accounts_retention"),
        migrations.RunSQL(FORGET_ORGANIZATION, "DROP FUNCTION forget_organization()"),
        migrations.RunSQL(FORGET_AUDIT, "DROP FUNCTION forget_audit(timestamptz)"),
        migrations.RunSQL(
            "REVOKE ALL ON FUNCTION forget_organization(), forget_audit(timestamptz) FROM PUBLIC",
            migrations.RunSQL.noop,
        ),
    ]
