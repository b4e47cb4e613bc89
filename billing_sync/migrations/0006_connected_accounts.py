import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Find connections by their account, for events that Stripe posts to the platform."""

    dependencies = [("accounts", "0001_initial"), ("billing_sync", "0005_webhook_address")]

    operations = [
        migrations.CreateModel(
            name="ConnectedAccount",
            fields=[
                ("connection_id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.CharField(db_index=True, max_length=255)),
                ("livemode", models.BooleanField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="webhookendpoint",
            name="made_by",
            field=models.CharField(
                choices=[
                    ("api", "Made by us"),
                    ("hand", "Made by hand"),
                    ("platform", "Made by the operator"),
                ],
                max_length=8,
            ),
        ),
    ]
