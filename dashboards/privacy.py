"""Where this app keeps personal data of payers: what members wrote of them, and files that were made."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.erasing import ErasedPayer, eraser
from accounts.privacy.places import Place
from accounts.privacy.tables import export, keep_back
from dashboards.models import CustomerNote, Export, ExportPiece

AT_ONCE = 500
PLACES = (
    Place(
        CustomerNote._meta.db_table,
        ("text",),
        "customer_id",
        _("What members wrote about a customer."),
    ),
    Place(
        ExportPiece._meta.db_table,
        ("content",),
        "",
        _("A file of rows, with names where it was asked for; deleted when it expires."),
    ),
)

export(
    "dashboards_customernote",
    "dashboards_displaysettings",
    "dashboards_servicecost",
    "dashboards_sizebucket",
)
keep_back("dashboards_apitoken", "A program's secret; it is made where it is used.")
keep_back("dashboards_sharelink", "A secret link to this installation.")
keep_back("dashboards_export", "Files that can be made again from the rest.")
keep_back("dashboards_exportpiece", "Files that can be made again from the rest.")


@eraser("dashboards_customernote")
def forget_notes(payer: ErasedPayer) -> int:
    """Delete the notes about a payer, and take her out of those about others."""
    notes = CustomerNote.objects.filter(organization_id=payer.organization_id)
    gone, _kinds = notes.filter(customer_id=payer.customer_id).delete()
    for note in notes.iterator(AT_ONCE):
        text = payer.without(note.text, payer.customer_id)
        if text != note.text:
            notes.filter(id=note.id).update(text=text)
            gone += 1
    return gone


@eraser("dashboards_export")
def delete_exports(payer: ErasedPayer) -> int:
    """Delete every file that may name her; it can be made again, without her."""
    exports = Export.objects.filter(organization_id=payer.organization_id)
    found = [
        one.id for one in exports.iterator(AT_ONCE) if one.personal or payer.named_in(repr(one.parameters))
    ]
    pieces = ExportPiece.objects.filter(organization_id=payer.organization_id, export_id__in=found)
    pieces.delete()
    gone, _kinds = exports.filter(id__in=found).delete()
    return gone
