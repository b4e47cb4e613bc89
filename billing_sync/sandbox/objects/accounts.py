"""The account itself."""

from billing_sync.sandbox.records import Account

from .json import Json


def account(record: Account) -> Json:
    """Return the account that a key belongs to."""
    return {
        "id": record.id,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": record.country,
        "created": record.created,
        "default_currency": record.currency,
        "details_submitted": True,
        "email": "owner@millwheel.example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": _settings(record),
        "type": "standard",
    }


def _settings(record: Account) -> Json:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": record.name, "timezone": record.time_zone},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
    }
