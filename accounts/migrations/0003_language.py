from django.db import migrations, models


class Migration(migrations.Migration):
    """The language that a person chose to read in; nothing where her browser says it."""

    dependencies = [("accounts", "0002_outbox")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, default="", max_length=8, verbose_name="language"),
        ),
    ]
