from django.db import migrations, models


class Migration(migrations.Migration):
    """Name a later reading of an account's lists otherwise than its first import."""

    dependencies = [("billing_sync", "0003_live_sync")]

    operations = [
        migrations.AlterField(
            model_name="syncrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "First import"),
                    ("rereading", "Lists read again"),
                    ("events", "Events"),
                    ("nightly", "Nightly comparison"),
                    ("weekly", "Weekly comparison"),
                ],
                max_length=16,
            ),
        ),
    ]
