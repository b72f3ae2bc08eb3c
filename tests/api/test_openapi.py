"""The served OpenAPI: what it says is so. schemathesis makes requests from it and holds the answers to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from guerdon.engine.api.routes import ROUTES
from tests.api.served import Served, served

from ..engines import Engine

pytestmark = pytest.mark.long

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 4


@schemathesis.serializer("text/csv", "application/x-ndjson", "application/jsonl")
def as_lines(context: Any, value: Any) -> bytes:
    """What an extract is sent as."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def admin(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("openapi"), rate="100000/second") as it:
        yield it


def test_it_names_every_route_and_its_key(admin: Served) -> None:
    told = admin.get("/openapi.json", key=None).json()
    assert told["openapi"].startswith("3.1")
    named = {(method.upper(), path) for path, of in told["paths"].items() for method in of}
    assert named == {(route.method, route.path) for route in ROUTES}
    for path, of in told["paths"].items():
        for method, operation in of.items():
            open_to_all = path in ("/healthz", "/readyz")
            assert operation["security"] == ([] if open_to_all else [{"key": []}]), (method, path)
            problem = operation["responses"]["422"]["content"]
            assert list(problem) == ["application/problem+json"], (method, path)
    assert told["components"]["securitySchemes"]["key"] == {"type": "http", "scheme": "bearer"}


# A well-formed request may still be refused for what the ledger holds, and what is refused may hide in a batch.
LEFT_OUT = ("positive_data_acceptance", "negative_data_rejection")


@pytest.mark.parametrize(("method", "path"), [(route.method, route.path) for route in ROUTES])
@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
def test_answers_are_as_it_says(admin: Served, method: str, path: str, mode: str) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", admin.app)
    key = admin.keys["supervisor" if path.startswith("/approvals") else "admin"]
    left_out = [schemathesis.checks.CHECKS.get_one(name) for name in LEFT_OUT]
    cases = schema[path][method].as_strategy(generation_mode=schemathesis.GenerationMode[mode])

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def answers(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=left_out)

    try:
        answers()
    except Unsatisfiable:
        assert mode == "NEGATIVE"  # nothing about it can be wrong


def test_the_routes_are_in_the_documents() -> None:
    text = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text()
    assert [route.path for route in ROUTES if f"`{route.method} {route.path}`" not in text] == []
