"""Coupons deleted before the first import: nothing lists them, and discounts made of them live on."""

from datetime import timedelta

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Coupon
from billing_sync.sandbox.company import Company, scripted
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.models import UnusedFact
from tests.billing_sync.accounts import connected
from tests.billing_sync.comparing import compared, served
from tests.metrics.agreement import judge
from tests.metrics.test_full_business import EVENT_DAYS, NOW, stored

# On a subscription, limited to a product, on an item, on a customer, and an amount with options.
TOLD = ("percent_forever", "coupon_on_one_product", "percent_on_item", "customer_coupon", "amount_forever")
DELETED = ("TWENTY", "ADDON", "ODD", "FIVER")


def business() -> Company:
    return scripted([(STORIES[name], NOW - timedelta(days=200)) for name in TOLD], NOW)


def test_a_coupon_deleted_before_the_first_import_is_found_where_it_lives_on(
    organization: Organization,
) -> None:
    company = business()
    with set_now(NOW), served(company) as account:
        for name in DELETED:
            account.delete("coupon", name)
        connected(organization, account.base_url)
        verdict = judge(company, stored(organization.id, company), events_since=company.now - EVENT_DAYS)
        assert verdict.wrong == []
        with tenant(organization.id):
            assert not UnusedFact.objects.filter(rule="unknown_coupon").exists()
            kept = Coupon.objects.filter(deleted_at__isnull=False)
            assert set(kept.values_list("stripe_id", flat=True)) == set(DELETED)
        assert compared(organization) == []
        account.alter("coupon", "SPRING", times_redeemed=7)
        assert [one[:2] for one in compared(organization)] == [("coupons", "SPRING")]
