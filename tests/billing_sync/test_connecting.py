import pytest
from django.test import override_settings

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.access import open_key
from billing_sync.connecting import KeyRefused, connect, warnings
from billing_sync.models import Connection
from tests.billing_sync.accounts import connection_of

RESTRICTED = "rk_test_51NeverSeenAgain4711"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "Paste a restricted key"),
        ("   ", "Paste a restricted key"),
        ("pk_test_51abcdefghij", "publishable key"),
        ("pk_live_51abcdefghij", "publishable key"),
        ("whsec_51abcdefghij", "secret of a webhook"),
        ("sk_live_51abcdefghij", "restricted key with read permissions"),
        ("rk_test_", "not a key of Stripe's"),
        ("rk_test_51abc defghij", "not a key of Stripe's"),
        ("rk_test_51abcdefghijé", "not a key of Stripe's"),
        ("acct_1234567890", "not a key of Stripe's"),
        ("rk_test_" + "a" * 400, "not a key of Stripe's"),
    ],
)
def test_a_key_of_the_wrong_shape_is_refused_with_its_own_words(
    organization: Organization, key: str, words: str
) -> None:
    with pytest.raises(KeyRefused) as refusal:
        connect(organization.id, api_key=key)
    assert words in str(refusal.value)
    assert len(key.strip()) < 10 or key not in str(refusal.value)


def test_a_live_secret_key_is_accepted_where_the_operator_allows_it(organization: Organization) -> None:
    with override_settings(STRIPE_ALLOW_SECRET_LIVE_KEYS=True):
        connect(organization.id, api_key="sk_live_51abcdefghij")
    assert connection_of(organization).livemode is True


def test_a_secret_key_is_warned_about() -> None:
    assert "may also write" in warnings("sk_test_51abcdefghij")[0]
    assert "Stripe does not tell" in warnings(RESTRICTED)[0]


def test_the_mode_is_told_by_the_key(organization: Organization) -> None:
    connect(organization.id, api_key="rk_live_51abcdefghij")
    connect(organization.id, api_key=RESTRICTED)
    with tenant(organization.id):
        assert set(Connection.objects.values_list("livemode", flat=True)) == {True, False}


def test_a_key_is_stored_for_its_row_alone_and_shown_by_its_ends(organization: Organization) -> None:
    connect(organization.id, api_key=f"  {RESTRICTED}\n")
    connection = connection_of(organization)
    assert open_key(connection) == RESTRICTED
    assert connection.key_hint == "rk_test_…4711"
    with tenant(organization.id):
        (row,) = Connection.objects.values()
    stored = {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
    assert "NeverSeenAgain" not in repr(stored)


def test_a_new_paste_takes_the_place_of_one_that_never_worked(organization: Organization) -> None:
    connect(organization.id, api_key=RESTRICTED)
    with tenant(organization.id):
        Connection.objects.update(state=Connection.State.REFUSED)
    made = connect(organization.id, api_key="rk_test_51anotherkey")
    assert connection_of(organization).id == made


def test_a_second_key_does_not_push_out_one_that_is_being_checked(organization: Organization) -> None:
    made = {connect(organization.id, api_key=key) for key in (RESTRICTED, "rk_test_51anotherkey")}
    with tenant(organization.id):
        assert set(Connection.objects.values_list("id", flat=True)) == made


@pytest.mark.parametrize(
    "base", ["ftp://stripe.example", "file:///etc/passwd", "//host", "http://", "http://h?q=1"]
)
def test_only_an_http_address_is_an_api_base(organization: Organization, base: str) -> None:
    with pytest.raises(KeyRefused, match="must start with http"):
        connect(organization.id, api_key=RESTRICTED, api_base=base)
