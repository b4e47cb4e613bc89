import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField("configuration", "precision"),
        migrations.RemoveField("segment", "precision"),
        migrations.AddField("configuration", "start_exact", models.BooleanField(default=True), False),
        migrations.AddField("configuration", "end_exact", models.BooleanField(default=True), False),
        migrations.AddField("segment", "interval", models.TextField(default=""), False),
        migrations.AddField("segment", "start_exact", models.BooleanField(default=True), False),
        migrations.AddField("segment", "end_exact", models.BooleanField(default=True), False),
        migrations.AddField(
            "currentbuild",
            "connection_ids",
            django.contrib.postgres.fields.ArrayField(models.UUIDField(), default=list, size=None),
        ),
        migrations.AlterField("planrevenue", "product_id", models.CharField(db_default="", max_length=255)),
        migrations.AddField("currentbuild", "edition", models.PositiveIntegerField(default=0)),
    ]
