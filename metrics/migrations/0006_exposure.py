import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0005_speed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "currency",
                        "diagnosis",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("diagnosis", models.TextField()),
                ("amount_micro", models.BigIntegerField()),
                ("due_at", models.DateTimeField(null=True)),
                ("leads", models.BooleanField()),
                ("detail", models.JSONField(default=dict)),
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
                        fields=[
                            "organization",
                            "currency",
                            "-amount_micro",
                            "-connection_id",
                            "-customer_id",
                        ],
                        condition=models.Q(leads=True),
                        name="exposure_leading",
                    ),
                    models.Index(
                        fields=[
                            "organization",
                            "currency",
                            "diagnosis",
                            "-amount_micro",
                            "-connection_id",
                            "-customer_id",
                        ],
                        name="exposure_by_diagnosis",
                    ),
                    models.Index(
                        fields=["organization", "currency", "due_at", "connection_id", "customer_id"],
                        condition=models.Q(leads=True),
                        name="exposure_leading_by_date",
                    ),
                    models.Index(
                        fields=[
                            "organization",
                            "currency",
                            "diagnosis",
                            "due_at",
                            "connection_id",
                            "customer_id",
                        ],
                        name="exposure_by_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExposureTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "currency",
                        "diagnosis",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.TextField()),
                ("diagnosis", models.TextField()),
                ("customers", models.BigIntegerField()),
                ("amount_micro", models.DecimalField(decimal_places=0, max_digits=40)),
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
        ),
        migrations.CreateModel(
            name="Undiagnosed",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("marked", models.UUIDField()),
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
        ),
        migrations.CreateModel(
            name="Diagnosing",
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
                ("day", models.DateField()),
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                ("connection_ids", django.contrib.postgres.fields.ArrayField(models.UUIDField())),
                ("edition", models.PositiveIntegerField()),
                ("connection_id", models.UUIDField(null=True)),
                ("after", models.CharField(blank=True, max_length=255)),
                ("finished", models.BooleanField(default=False)),
            ],
        ),
        EnableRowLevelSecurity(
            "metrics_exposure",
            "metrics_exposuretotal",
            "metrics_undiagnosed",
            "metrics_diagnosing",
        ),
    ]
