"""The OpenAPI document is valid, and what the service answers is what it says."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

import app.schemas
from app.main import create_app
from app.settings import Settings
from geodata import bundled

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
DOCUMENT = create_app(Settings(database_url="sqlite:///never-opened.db")).openapi()
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]
WITH_INPUT = [each for each in OPERATIONS if each.body or each.query or each.path_parameters]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a port of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('openapi') / 'test.db'}"
    # Room for every batch that is generated: a full queue is a 503, and rightly so.
    room = {"max_queue": 100_000, "max_queued_per_tenant": 100_000}
    app = create_app(Settings(database_url=url, max_time_limit_s=1, **room))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def known(address: str, town: dict[str, Any]) -> dict[str, str]:
    """Ids of a scenario and of a solved run, by the names of their parameters."""
    return known_ids(address, town)


def known_ids(address: str, town: dict[str, Any]) -> dict[str, str]:
    """Stores a scenario and solves it; the ids by the names of their parameters."""
    scenario = httpx.post(f"{address}/v1/scenarios", json=town).json()
    asked = {"scenario": scenario["id"]}
    waited = httpx.post(f"{address}/v1/runs", json=asked, headers={"prefer": "wait=60"}, timeout=70)
    assert waited.json()["status"] == "successful"
    return {"scenario_id": scenario["id"], "run_id": waited.json()["id"]}


def assert_answers_are_as_declared(
    address: str, known: dict[str, str], operation: Any, mode: GenerationMode, examples: int = 10
) -> int:
    """Sends so many requests of an operation, or as many as there are; how many it were."""
    sent = 0

    @given(case=operation.as_strategy(generation_mode=mode), ours=booleans())
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answer_is_as_declared(case: Any, ours: bool) -> None:
        nonlocal sent
        sent += 1
        if ours:  # an id that somebody has, for none would be guessed
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
        case.call_and_validate(base_url=address, checks=CHECKS)

    answer_is_as_declared()
    return sent


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_good_requests(address: str, known: dict[str, str], operation: Any) -> None:
    assert_answers_are_as_declared(address, known, operation, GenerationMode.POSITIVE)


@pytest.mark.parametrize("operation", WITH_INPUT, ids=lambda operation: operation.label)
def test_bad_requests(address: str, known: dict[str, str], operation: Any) -> None:
    assert_answers_are_as_declared(address, known, operation, GenerationMode.NEGATIVE)


def test_the_document_is_openapi() -> None:
    OPENAPI_31_VALIDATOR.validate(DOCUMENT)


def test_operations_have_names_of_their_own() -> None:
    names = Counter(
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
    )
    assert set(names.values()) == {1}
    assert {"create_scenario", "create_run", "get_plan", "dismiss_run"} <= set(names)


def test_schemas_have_names_of_their_own() -> None:
    """Two of one name would overwrite each other among the components."""
    models = {
        thing
        for module in iter_modules(app.schemas.__path__)
        for thing in vars(import_module(f"app.schemas.{module.name}")).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel)
    }
    names = Counter(model.__name__ for model in models)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("name", bundled.names())
def test_bundled_scenarios_fit_the_schema_of_the_document(name: str) -> None:
    schema = {"$ref": "#/components/schemas/Scenario", "components": DOCUMENT["components"]}
    jsonschema_rs.validator_for(schema).validate(bundled.load(name))
