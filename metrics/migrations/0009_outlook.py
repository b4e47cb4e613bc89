import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0008_customers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ForecastAssumptions",
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
                ("new_micro", models.BigIntegerField(null=True)),
                ("expansion", models.PositiveIntegerField(null=True)),
                ("reactivation", models.PositiveIntegerField(null=True)),
                ("contraction", models.PositiveIntegerField(null=True)),
                ("churn", models.PositiveIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
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
            name="DecidedChange",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "subscription_id",
                        "currency",
                        "kind",
                        "due_on",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("kind", models.TextField()),
                ("due_on", models.DateField()),
                ("due_at", models.DateTimeField(null=True)),
                ("amount_micro", models.BigIntegerField()),
                ("committed_micro", models.BigIntegerField()),
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
                            "due_on",
                            "kind",
                            "connection_id",
                            "customer_id",
                            "subscription_id",
                        ],
                        include=("amount_micro", "committed_micro"),
                        name="decided_by_day",
                    )
                ],
            },
        ),
        EnableRowLevelSecurity("metrics_forecastassumptions", "metrics_decidedchange"),
    ]
