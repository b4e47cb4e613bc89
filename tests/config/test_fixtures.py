"""The tests stand on what is tested here: each starts empty, and sees the database as the app role."""

from collections.abc import Callable
from urllib.request import urlopen

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from playwright.sync_api import Page

from accounts.models import Organization, User
from tests.cast import Person, person
from tests.conftest import Account
from tests.processes import Worker


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_for_the_next(db: None, turn: int) -> None:
    assert not User.objects.exists()
    person("someone@example.com")


def test_a_test_is_neither_superuser_nor_owner(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
        with pytest.raises(ProgrammingError, match="must be owner"):
            cursor.execute("DROP TABLE accounts_organization")


def test_the_cast_belongs_where_it_should(
    organization: Organization,
    other_organization: Organization,
    owner: Person,
    teammate: Person,
    stranger: Person,
    other_owner: Person,
) -> None:
    assert set(organization.memberships.values_list("user__email", "role")) == {
        (owner.email, "owner"),
        (teammate.email, "viewer"),
    }
    assert list(other_organization.memberships.values_list("user__email", flat=True)) == [other_owner.email]
    assert not stranger.user.memberships.exists()


def test_the_application_answers_a_browser(browser_page: Page) -> None:
    answer = browser_page.goto("/accounts/login/")
    assert answer is not None
    assert answer.status == 200
    assert browser_page.get_by_label("Email").is_visible()


def test_an_invented_account_answers(sandbox: Callable[..., Account]) -> None:
    account = sandbox(size=3)
    with urlopen(f"{account.base_url}/_sandbox/clock") as answer:
        assert answer.status == 200


def test_a_killed_worker_can_start_again(celery_worker: Worker) -> None:
    celery_worker.kill()
    celery_worker.start()
    assert celery_worker.process is not None
