import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_people"),
        ("metrics", "0011_spend"),
    ]

    operations = [
        migrations.AddField(
            model_name="dailyfailures",
            name="amount_minor",
            field=models.DecimalField(db_default=0, decimal_places=0, max_digits=40),
        ),
        migrations.AddField(
            model_name="dailyfailures",
            name="recovered",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="dailyfailures",
            name="recovered_minor",
            field=models.DecimalField(db_default=0, decimal_places=0, max_digits=40),
        ),
        migrations.AddField(
            model_name="failedinvoice",
            name="paid_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="failedinvoice",
            name="total_minor",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name="MonthlyDepartures",
            fields=[
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "definition_version",
                        "build",
                        "currency",
                        "month",
                        "why",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.TextField()),
                ("month", models.DateField()),
                ("why", models.TextField(blank=True)),
                ("customers", models.BigIntegerField()),
                ("lost_micro", models.DecimalField(decimal_places=0, max_digits=40)),
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
        EnableRowLevelSecurity("metrics_monthlydepartures"),
    ]
