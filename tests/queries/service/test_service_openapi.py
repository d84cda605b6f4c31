"""The service is as its own OpenAPI says: every operation described, and no request that it can't answer cleanly."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow  # a release of the sample catalogue is made first


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def _operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{method} {path}", about) for path, item in described["paths"].items() for method, about in item.items()]


def test_every_operation_is_described_and_answers_with_an_example(described: dict[str, Any]) -> None:
    operations = _operations(described)
    assert len(operations) > 20
    for name, about in operations:
        assert len(about["description"]) > 30, name
        assert "example" in about["responses"]["200"]["content"]["application/json"], name
        assert "422" in about["responses"] or name == "get /health", name


def test_the_examples_of_the_documentation_are_answered(client: httpx.Client, described: dict[str, Any]) -> None:
    for name, about in _operations(described):
        method, path = name.split(" ")
        needed = [p for p in about.get("parameters", []) if p.get("required") or p.get("examples")]
        params = {p["name"]: p["examples"]["example"]["value"] for p in needed}
        bodies: list[Any] = [None]
        if "requestBody" in about:
            reference = about["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            bodies = described["components"]["schemas"][reference.rsplit("/", 1)[1]]["examples"]
            assert bodies, name
        for body in bodies:
            answer = client.request(method, path, params=params, json=body)
            ambiguous = answer.status_code == 409 and "Solaris" in answer.text  # there are two of that name
            assert answer.status_code == 200 or ambiguous, f"{name}: {answer.text}"


@pytest.mark.slow
def test_made_up_requests_get_documented_answers(client: httpx.Client, described: dict[str, Any]) -> None:
    """Schemathesis, bounded: fuzzed parameters and bodies, valid and not; a server error is none of the answers."""
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    schema = schemathesis.openapi.from_dict(described)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    count = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        takes = operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody")
        positive, negative = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
        for mode in (positive, negative) if takes else (positive,):

            @settings(
                max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal count
                count += 1
                answer = case.call(base_url=str(client.base_url), timeout=120)
                case.validate_response(answer, checks=checks)

            ask()
    assert count > 100
