import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0003_alerts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClosedBalance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "month",
                        "currency",
                        "connection_id",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField()),
                ("currency", models.TextField()),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("starting_micro", models.BigIntegerField()),
                ("ending_micro", models.BigIntegerField()),
                ("facts", models.JSONField(default=dict)),
                ("restated", models.JSONField(null=True)),
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
            name="ClosedMonth",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "month",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField()),
                ("currency", models.TextField()),
                ("figures", models.JSONField()),
                ("restated", models.JSONField()),
                ("definition_version", models.PositiveIntegerField()),
                ("data_through", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField()),
                (
                    "closed_by",
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
            name="ComparedAmount",
            fields=[
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "definition_version",
                        "build",
                        "subject",
                        "month",
                        "currency",
                        "rule",
                        "connection_id",
                        "customer_id",
                        "subscription_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("subject", models.CharField(max_length=32)),
                ("month", models.DateField()),
                ("currency", models.TextField()),
                ("rule", models.CharField(max_length=64)),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(blank=True, max_length=255)),
                ("ours_micro", models.BigIntegerField()),
                ("theirs_micro", models.BigIntegerField()),
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
            name="Comparison",
            fields=[
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "definition_version",
                        "build",
                        "subject",
                        "month",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("subject", models.CharField(max_length=32)),
                ("month", models.DateField()),
                ("currency", models.TextField()),
                ("result", models.JSONField()),
                ("computed_at", models.DateTimeField()),
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
            name="ExchangeRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "base",
                        "quote",
                        "on",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("on", models.DateField()),
                ("rate", models.TextField()),
                ("source", models.CharField(max_length=16)),
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
            name="RateFetch",
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
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("newest", models.DateField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Preview",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("settings", models.JSONField()),
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                ("state", models.CharField(default="waiting", max_length=16)),
                ("customers_done", models.PositiveBigIntegerField(default=0)),
                ("customers", models.PositiveBigIntegerField(default=0)),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(blank=True)),
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
            name="PreviewedChange",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "preview_id",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("preview_id", models.UUIDField()),
                ("position", models.PositiveBigIntegerField()),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("before_micro", models.BigIntegerField()),
                ("after_micro", models.BigIntegerField()),
                ("differs_from", models.DateTimeField()),
                ("differs_until", models.DateTimeField(null=True)),
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
            name="Upload",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("name", models.CharField(max_length=255)),
                ("content", models.BinaryField()),
                ("columns", models.JSONField(null=True)),
                ("state", models.CharField(default="mapping", max_length=16)),
                ("error", models.TextField(blank=True)),
                ("rows", models.PositiveBigIntegerField(default=0)),
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
            name="UploadedAmount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "upload_id",
                        "month",
                        "currency",
                        "customer",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("upload_id", models.UUIDField()),
                ("month", models.DateField()),
                ("currency", models.TextField()),
                ("customer", models.CharField(max_length=255)),
                ("amount_micro", models.BigIntegerField()),
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
            name="InvoicedLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "invoice_id",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("invoice_id", models.CharField(max_length=255)),
                ("position", models.PositiveIntegerField()),
                ("line_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(blank=True, max_length=255)),
                ("item_id", models.CharField(blank=True, max_length=255)),
                ("price_id", models.CharField(blank=True, max_length=255)),
                ("currency", models.TextField()),
                ("status", models.TextField()),
                ("billed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("kind", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("discount", models.BigIntegerField()),
                ("once_discount", models.BigIntegerField()),
                ("repeating_discount", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                ("added_tax", models.BigIntegerField()),
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
                    models.Index(
                        fields=["organization", "currency", "billed_at"], name="invoiced_line_by_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Restatement",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("at", models.DateTimeField()),
                ("cause", models.CharField(max_length=32)),
                ("detail", models.JSONField(default=dict)),
                (
                    "months",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(), default=list, size=None
                    ),
                ),
                ("changes", models.JSONField(default=list)),
                (
                    "objects_named",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("definition_version", models.PositiveIntegerField()),
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
                "indexes": [models.Index(fields=["organization", "at"], name="restatement_by_time")],
            },
        ),
        EnableRowLevelSecurity(
            "metrics_closedbalance",
            "metrics_closedmonth",
            "metrics_comparedamount",
            "metrics_comparison",
            "metrics_exchangerate",
            "metrics_invoicedline",
            "metrics_preview",
            "metrics_previewedchange",
            "metrics_ratefetch",
            "metrics_restatement",
            "metrics_upload",
            "metrics_uploadedamount",
        ),
    ]
