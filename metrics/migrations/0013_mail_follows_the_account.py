"""Mail is in the language of the account it goes to; a second one, for mail alone, was never read."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0012_payment_days")]
    operations = [migrations.RemoveField("mailpreference", "language")]
