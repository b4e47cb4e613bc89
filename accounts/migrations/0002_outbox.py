from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SuspendedAddress",
            fields=[
                ("email", models.EmailField(max_length=254, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=16)),
                ("detail", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="outbox",
            name="dropped",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="outbox",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="outbox",
            name="key",
            field=models.CharField(default="", max_length=255),
        ),
        migrations.AddField(
            model_name="outbox",
            name="kind",
            field=models.CharField(default="", max_length=32),
        ),
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("dropped", ""), ("sent_at", None)),
                fields=["organization", "due_at"],
                name="outbox_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(fields=["organization", "sent_at"], name="outbox_by_sending"),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.UniqueConstraint(
                fields=("organization", "recipient", "key"), name="one_message_a_cause"
            ),
        ),
    ]
