"""The objects also pass the JSON Schemas of the same API version; collected only where those are present."""

import importlib.util
import warnings
from typing import Any

import pytest

from billing_sync.sandbox.company import Company
from tests.billing_sync.sandbox.conftest import SHARED
from tests.billing_sync.sandbox.test_shapes import shown


@pytest.fixture(scope="module")
def check() -> Any:
    spec = importlib.util.spec_from_file_location("check", SHARED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        spec.loader.exec_module(module)
    return module


def test_every_object_of_the_company_passes_the_schemas(check: Any, company: Company) -> None:
    assert [(one["id"], wrong) for one in shown(company) for wrong in check.errors(one)] == []
