import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_outbox"),
        ("metrics", "0009_outlook"),
    ]

    operations = [
        migrations.CreateModel(
            name="Counted",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("definition_version", models.PositiveIntegerField()),
                ("build", models.PositiveBigIntegerField()),
                ("computed_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField()),
                ("edition", models.PositiveIntegerField()),
                ("seconds", models.FloatField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CohortChange",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "currency",
                        "dimension",
                        "value",
                        "cohort",
                        "month",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.TextField()),
                ("dimension", models.TextField()),
                ("value", models.TextField()),
                ("cohort", models.DateField()),
                ("month", models.DateField()),
                ("net_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("gross_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("customers", models.BigIntegerField()),
                ("joined", models.BigIntegerField()),
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
            name="PlanFlow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "dimension",
                        "currency",
                        "month",
                        "plan",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("dimension", models.TextField()),
                ("currency", models.TextField()),
                ("month", models.DateField()),
                ("plan", models.TextField()),
                ("new_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("reactivation_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("expansion_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("contraction_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("churn_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("moved_in_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("moved_out_micro", models.DecimalField(decimal_places=0, max_digits=40)),
                ("holders", models.BigIntegerField()),
                ("churned", models.BigIntegerField()),
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
            name="TrialMonth",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "currency",
                        "month",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.TextField()),
                ("month", models.DateField()),
                ("started", models.BigIntegerField()),
                ("converted", models.BigIntegerField()),
                ("ended", models.BigIntegerField()),
                ("waiting", models.BigIntegerField()),
                ("running", models.BigIntegerField()),
                ("median_days2", models.BigIntegerField(null=True)),
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
            name="CohortMember",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("month", models.DateField()),
                ("plan", models.TextField()),
                ("country", models.TextField()),
                ("base_micro", models.BigIntegerField()),
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
                        fields=["organization", "currency", "month", "connection_id", "customer_id"],
                        name="member_by_month",
                    ),
                    models.Index(
                        fields=["organization", "currency", "plan", "connection_id", "customer_id"],
                        name="member_by_plan",
                    ),
                    models.Index(
                        fields=["organization", "currency", "country", "connection_id", "customer_id"],
                        name="member_by_country",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanMove",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "dimension",
                        "currency",
                        "month",
                        "giver",
                        "taker",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("dimension", models.TextField()),
                ("currency", models.TextField()),
                ("month", models.DateField()),
                ("giver", models.TextField()),
                ("taker", models.TextField()),
                ("amount_micro", models.BigIntegerField()),
                ("change_micro", models.BigIntegerField()),
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
                        fields=[
                            "organization",
                            "dimension",
                            "currency",
                            "month",
                            "giver",
                            "taker",
                            "connection_id",
                            "customer_id",
                        ],
                        name="plan_move_by_month",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Trial",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "connection_id",
                        "customer_id",
                        "subscription_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("customer_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(max_length=255)),
                ("currency", models.TextField()),
                ("plan", models.TextField()),
                ("month", models.DateField()),
                ("started_on", models.DateField()),
                ("state", models.TextField()),
                ("days", models.BigIntegerField(null=True)),
                ("worth_micro", models.BigIntegerField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("cancels", models.BooleanField()),
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
                        fields=["organization", "currency", "month", "connection_id", "customer_id"],
                        name="trial_by_month",
                    ),
                    models.Index(
                        condition=models.Q(("state", "running")),
                        fields=["organization", "currency", "ends_at", "connection_id", "customer_id"],
                        name="trial_running",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity(
            "metrics_counted",
            "metrics_cohortmember",
            "metrics_cohortchange",
            "metrics_planflow",
            "metrics_planmove",
            "metrics_trial",
            "metrics_trialmonth",
        ),
    ]
