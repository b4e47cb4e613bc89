import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0007_failed_invoices"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerCountry",
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
                ("country", models.CharField(blank=True, max_length=2)),
                ("fetched_at", models.DateTimeField()),
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
                        fields=["organization", "country", "connection_id", "customer_id"],
                        name="country_customers",
                    )
                ],
            },
        ),
        EnableRowLevelSecurity("metrics_customercountry"),
        migrations.AddIndex(
            model_name="customerbalance",
            index=models.Index(
                fields=[
                    "organization",
                    "definition_version",
                    "build",
                    "currency",
                    "since",
                    "connection_id",
                    "customer_id",
                ],
                name="balance_by_since",
            ),
        ),
    ]
