from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing_sync", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoicepayment",
            name="payment_id",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(
                condition=models.Q(("status", "failed")),
                fields=["organization", "created_at"],
                name="failed_charge_by_time",
            ),
        ),
        migrations.AddIndex(
            model_name="invoicepayment",
            index=models.Index(
                fields=["organization", "connection_id", "payment_id"], name="invoice_payment_by_payment_id"
            ),
        ),
    ]
