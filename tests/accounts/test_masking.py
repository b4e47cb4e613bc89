"""What leaves by e-mail names no payer's address, telephone or card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import jobs, outbox
from accounts.masking import masked_text
from accounts.models import Organization
from accounts.outbox import Message
from accounts.tenancy import tenant
from tests.accounts.messages import delivered, text
from tests.cast import Person

PAYER, PHONE = "ada@lovelace.example", "+33 6 12 34 56 78"


@pytest.mark.parametrize(
    ("told", "masked"),
    [
        ("Ada <ada.l+x@lovelace.example> left", "Ada <a•••@l•••> left"),
        ("call +33 6 12 34 56 78 today", "call ••• today"),
        ("call +1 (415) 555-2671.", "call •••."),
        ("+33612345678", "•••"),
        ("0049 30 1234567", "•••"),
        ("card 4242 4242 4242 4242!", "card •••!"),
        ("card 4242424242424242", "card •••"),
    ],
)
def test_who_could_be_reached_is_masked(told: str, masked: str) -> None:
    assert masked_text(told) == masked


@pytest.mark.parametrize(
    "told",
    [
        "MRR rose by +12,500.00 USD to 1,234,567.89",
        "+12.500.000,00 €",
        "+1\u202f250\u202f000,00 €",
        "On 2026-11-22 at 12:34, 3 of 10 customers",
        "in_1QabcD2eZvKYlo2C 4242424242424241",
        "https://millrace.example/unsubscribe/4242424242424242/a@b.example",
        "0.0012 and 00:15",
    ],
)
def test_figures_ids_and_links_stay(told: str) -> None:
    assert masked_text(told) == told


def test_who_reads_it_is_not_masked() -> None:
    assert masked_text("For owner@acme.example", but=["Owner@acme.example"]) == "For owner@acme.example"


@given(st.text(), st.emails())
def test_no_address_survives(words: str, email: str) -> None:
    plain = "ada.lovelace@analytical.example"
    assert plain not in masked_text(f"{words} {plain} {email}")


@pytest.mark.parametrize(("names_payers", "told"), [(False, "a•••@l•••, •••"), (True, f"{PAYER}, {PHONE}")])
def test_every_message_is_masked_whoever_composes_it(
    organization: Organization,
    owner: Person,
    monkeypatch: pytest.MonkeyPatch,
    names_payers: bool,
    told: str,
) -> None:
    words = f"{PAYER}, {PHONE}"
    careless = Message(words, f"{words} for {owner.email}", f"<p>{words}</p>", names_payers=names_payers)
    monkeypatch.setitem(outbox._composers, "careless", lambda *_: careless)
    with tenant(organization.id):
        outbox.put(organization.id, [owner.user.pk], "careless", "1")
    jobs.run_until_idle(organization.id)
    (message,) = delivered(owner.email)
    assert message["Subject"] == told
    assert text(message).strip() == f"{told} for {owner.email}"
    html = message.get_body(("html",))
    assert html is not None
    assert f"<p>{told}</p>" in html.get_content()
