from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep where an endpoint posts, to notice that BASE_URL has changed."""

    dependencies = [("billing_sync", "0004_rereadings")]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="url",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AlterField(
            model_name="webhookendpoint",
            name="state",
            field=models.CharField(
                choices=[
                    ("creating", "Being created"),
                    ("ready", "Ready"),
                    ("refused", "To be made by hand"),
                    ("rotating", "Changing its secret"),
                    ("moving", "Moving to this address"),
                    ("removing", "Being removed"),
                    ("removed", "Removed"),
                ],
                default="creating",
                max_length=16,
            ),
        ),
    ]
