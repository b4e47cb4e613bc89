import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0006_exposure"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailedInvoice",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "invoice_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("invoice_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("failed_at", models.DateTimeField()),
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
                        fields=["organization", "currency", "failed_at"], name="failed_invoice_by_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyFailures",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "currency",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.TextField()),
                ("day", models.DateField()),
                ("invoices", models.BigIntegerField()),
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
        EnableRowLevelSecurity("metrics_failedinvoice", "metrics_dailyfailures"),
    ]
