import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity

# Thresholds get versions of their own: the newest of each organization goes on as the first that is kept.
KEEP_THRESHOLDS = (
    "ALTER TABLE metrics_definition NO FORCE ROW LEVEL SECURITY; "
    "INSERT INTO metrics_alertrules (organization_id, version, settings, created_at, created_by_id) "
    "SELECT DISTINCT ON (organization_id) organization_id, 1, alerts, created_at, created_by_id "
    "FROM metrics_definition ORDER BY organization_id, version DESC; "
    "ALTER TABLE metrics_definition FORCE ROW LEVEL SECURITY"
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0002_exact_bounds_and_inputs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MailSettings",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("shows_payers", models.BooleanField(default=False)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AlertEvaluation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("through", models.DateField()),
                ("build", models.PositiveBigIntegerField()),
                ("computed_at", models.DateTimeField()),
                ("rules_version", models.PositiveIntegerField()),
                ("silence", models.CharField(blank=True, max_length=32)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AlertRules",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "version",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("settings", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MailPreference",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "user_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("alerts", models.BooleanField(default=True)),
                ("recoveries", models.BooleanField(default=True)),
                ("reminder_days", models.PositiveSmallIntegerField(null=True)),
                ("weekly_digest", models.BooleanField(default=True)),
                ("movements_above_minor", models.BigIntegerField(null=True)),
                ("sync_problems", models.BooleanField(default=True)),
                ("quiet_from", models.PositiveSmallIntegerField(null=True)),
                ("quiet_until", models.PositiveSmallIntegerField(null=True)),
                ("language", models.CharField(blank=True, max_length=8)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("alert_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("until", models.DateField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organization", "alert_id"], name="acknowledgement_by_alert")
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("rule", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("fired_on", models.DateField()),
                ("recovered_on", models.DateField(null=True)),
                ("value", models.TextField(blank=True)),
                ("threshold", models.TextField(blank=True)),
                ("evidence", models.JSONField(default=dict)),
                ("rules_version", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("recovered_on", None)),
                        fields=("organization", "currency", "rule"),
                        name="one_firing_alert_each",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "currency", "rule", "fired_on"), name="one_alert_a_day_each"
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP_THRESHOLDS, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="definition", name="alerts"),
        EnableRowLevelSecurity(
            "metrics_acknowledgement",
            "metrics_alert",
            "metrics_alertevaluation",
            "metrics_alertrules",
            "metrics_mailpreference",
            "metrics_mailsettings",
        ),
    ]
