"""The places that are said to hold personal data exist as they are said to."""

from django.apps import apps

import billing_sync.privacy
import metrics.privacy


def test_every_place_of_personal_data_is_a_table_with_such_columns() -> None:
    columns = {
        model._meta.db_table: {one.column for one in model._meta.fields} for model in apps.get_models()
    }
    for place in (*billing_sync.privacy.PLACES, *metrics.privacy.PLACES):
        named = {*place.columns, *filter(None, [place.found_by])}
        assert named <= columns[place.table], place.table


def test_what_uploads_hold_is_among_the_places() -> None:
    held = {place.table: place.columns for place in metrics.privacy.PLACES}
    assert held["metrics_upload"] == ("name", "content")
    assert held["metrics_uploadedamount"] == ("customer",)
