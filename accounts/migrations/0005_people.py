from django.db import migrations, models

from accounts.rls import HidePayers

ROLES = [
    ("owner", "Owner"),
    ("admin", "Admin"),
    ("member", "Member"),
    ("viewer", "Viewer"),
    ("without_payers", "Viewer without customers’ personal data"),
]


class Migration(migrations.Migration):
    """A role that sees no personal data of payers, and organizations that require a second factor."""

    dependencies = [
        ("accounts", "0004_privacy"),
        ("billing_sync", "0001_initial"),
        ("metrics", "0004_opened_numbers"),
        ("dashboards", "0002_pages"),
    ]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=ROLES, max_length=16),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(choices=ROLES, max_length=16),
        ),
        migrations.AddField(
            model_name="organization",
            name="second_factor_required",
            field=models.BooleanField(default=False),
        ),
        HidePayers(
            "billing_sync_payer", "dashboards_customernote", "metrics_upload", "metrics_uploadedamount"
        ),
        HidePayers("dashboards_export", rows="personal"),
    ]
