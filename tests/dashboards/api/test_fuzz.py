"""Every operation of the document under requests that nobody thought of: no failure, nothing undocumented."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from dashboards.api.document import document
from dashboards.api.operations import api
from dashboards.api.tokens import SCOPES
from tests.dashboards.api.programs import Program, Two, program
from tests.soak import sized

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
OPERATIONS = sorted((path, method) for path, found in document(api)["paths"].items() for method in found)
FUZZED = settings(
    max_examples=sized(2, 200),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


def made(whole: Program) -> dict[str, str]:
    """Return what names a file that is ready."""
    answer = whole.post("exports", {"table": "months", "format": "json"})
    assert answer.status_code == 201, answer.content
    return {"export_id": answer.json()["data"]["id"]}


@pytest.fixture(scope="module")
def schema(two: Two) -> Iterator[Any]:
    """Load the document from the application itself, which then answers in this process."""
    with override_settings(API_REQUESTS_A_MINUTE=10**9):
        yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.mark.soak
@pytest.mark.parametrize(("operation", "mode"), [*product(OPERATIONS, GenerationMode)], ids=str)
def test_every_operation_answers_as_its_document_says(
    operation: tuple[str, str], mode: GenerationMode, schema: Any, two: Two
) -> None:
    path, method = operation
    whole = program(two.reader.organization, two.owner, SCOPES)
    known = two.reader.data("customers", limit=1)[0]
    payer = {name: known[name] for name in ("connection_id", "customer_id")}
    known_export = made(whole)
    fuzzed = schema[path][method.upper()]
    # The fuzzer reads answers as they are sent, and would not unpack them.
    sent = {"Authorization": f"Bearer {whole.text}", "Accept-Encoding": "identity"}

    @FUZZED
    @given(case=fuzzed.as_strategy(generation_mode=mode), named=st.booleans())
    def answers(case: Any, named: bool) -> None:
        if named and "{" in path and mode is GenerationMode.POSITIVE:
            case.path_parameters = known_export if "export_id" in path else payer
        case.call_and_validate(headers=sent, checks=CHECKS)

    answers()
