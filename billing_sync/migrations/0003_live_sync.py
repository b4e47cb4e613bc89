import uuid

import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity

BY_CREATED_AT = {
    "balancetransaction": "balance_transaction_by_created",
    "charge": "charge_by_created_at",
    "coupon": "coupon_by_created_at",
    "creditnote": "credit_note_by_created_at",
    "customer": "customer_by_created_at",
    "dispute": "dispute_by_created_at",
    "invoice": "invoice_by_created_at",
    "invoiceitem": "invoice_item_by_created_at",
    "invoicepayment": "invoice_payment_by_created_at",
    "price": "price_by_created_at",
    "product": "product_by_created_at",
    "promotioncode": "promotion_code_by_created_at",
    "refund": "refund_by_created_at",
    "subscription": "subscription_by_created_at",
    "subscriptionschedule": "schedule_by_created_at",
    "taxrate": "tax_rate_by_created_at",
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing_sync", "0002_failed_payments"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="code_encrypted",
            field=models.BinaryField(default=bytes),
        ),
        migrations.AddField(
            model_name="connection",
            name="replaces_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="key_expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="refresh_token_encrypted",
            field=models.BinaryField(default=bytes),
        ),
        migrations.AlterField(
            model_name="connection",
            name="kind",
            field=models.CharField(
                choices=[
                    ("restricted_key", "Restricted key"),
                    ("oauth", "Stripe Connect"),
                    ("archive", "Archive of events"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="state",
            field=models.CharField(
                choices=[
                    ("checking", "Checking the key"),
                    ("refused", "Refused"),
                    ("importing", "First import"),
                    ("live", "Up to date"),
                    ("revoked", "Revoked"),
                    ("disconnected", "Disconnected"),
                    ("deleting", "Being deleted"),
                ],
                default="checking",
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="ListRange",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "purpose",
                        "resource",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                (
                    "purpose",
                    models.CharField(
                        choices=[("import", "Import"), ("nightly", "Nightly"), ("weekly", "Weekly")],
                        max_length=16,
                    ),
                ),
                ("resource", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField()),
                ("since_at", models.DateTimeField(null=True)),
                ("until_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("reading", "Reading"),
                            ("complete", "Complete"),
                            ("unavailable", "Not available"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("starting_after", models.CharField(blank=True, max_length=255)),
                ("lane", models.PositiveSmallIntegerField(null=True)),
                ("whole", models.BooleanField(default=False)),
                ("newest_at", models.DateTimeField(null=True)),
                ("oldest_at", models.DateTimeField(null=True)),
                ("objects_done", models.BigIntegerField(default=0)),
                ("pages_done", models.BigIntegerField(default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
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
            name="WebhookEndpoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                (
                    "made_by",
                    models.CharField(choices=[("api", "Made by us"), ("hand", "Made by hand")], max_length=8),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("creating", "Being created"),
                            ("ready", "Ready"),
                            ("refused", "To be made by hand"),
                            ("rotating", "Changing its secret"),
                            ("removing", "Being removed"),
                            ("removed", "Removed"),
                        ],
                        default="creating",
                        max_length=16,
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, max_length=255)),
                ("secret_encrypted", models.BinaryField(default=bytes)),
                ("previous_secret_encrypted", models.BinaryField(default=bytes)),
                ("previous_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("received_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
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
            name="WebhookRoute",
            fields=[
                ("connection_id", models.UUIDField(primary_key=True, serialize=False)),
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
        migrations.CreateModel(
            name="Repair",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("connection_id", models.UUIDField()),
                ("run_id", models.UUIDField()),
                ("resource", models.CharField(max_length=64)),
                ("stripe_id", models.CharField(max_length=255)),
                (
                    "difference",
                    models.CharField(
                        choices=[
                            ("missing", "Was missing here"),
                            ("changed", "Was different here"),
                            ("vanished", "Is gone from Stripe"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("event_late", "Its event came late"),
                            ("no_event", "No event told it"),
                            ("deleted_unannounced", "No event told its deletion"),
                            ("was_set_aside", "It could not be used before"),
                            ("not_followed", "Events cannot be read"),
                            ("unexplained", "Unexplained"),
                        ],
                        max_length=32,
                    ),
                ),
                ("found_at", models.DateTimeField()),
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
                    models.Index(fields=["organization", "run_id", "found_at"], name="repair_by_run"),
                    models.Index(fields=["organization", "found_at"], name="repair_by_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("connection_id", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("import", "First import"),
                            ("events", "Events"),
                            ("nightly", "Nightly comparison"),
                            ("weekly", "Weekly comparison"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("objects_read", models.BigIntegerField(default=0)),
                ("requests", models.BigIntegerField(default=0)),
                ("waited_ms", models.BigIntegerField(default=0)),
                ("repaired", models.BigIntegerField(default=0)),
                ("unexplained", models.BigIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("request_id", models.CharField(blank=True, max_length=255)),
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
                "indexes": [models.Index(fields=["organization", "started_at"], name="sync_run_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["organization", "connection_id", "kind"],
                        condition=models.Q(("state", "running")),
                        name="sync_run_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("connection_id", models.UUIDField()),
                ("event_id", models.CharField(max_length=255)),
                ("received_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("processed_at", models.DateTimeField(null=True)),
                ("fetched", models.BooleanField(default=False)),
                ("error", models.TextField(blank=True)),
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
                        fields=["organization", "connection_id", "processed_at", "received_at"],
                        name="webhook_delivery_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "connection_id", "event_id"), name="one_delivery_per_event"
                    )
                ],
            },
        ),
        *(
            migrations.AddIndex(
                model_name=model,
                index=models.Index(fields=["organization", "connection_id", "created_at"], name=name),
            )
            for model, name in BY_CREATED_AT.items()
        ),
        EnableRowLevelSecurity(
            "billing_sync_listrange",
            "billing_sync_repair",
            "billing_sync_syncrun",
            "billing_sync_webhookdelivery",
            "billing_sync_webhookendpoint",
        ),
    ]
