"""20 000 requests that schemathesis makes of the OpenAPI document; the ordinary suite sends 300."""

from pathlib import Path

import pytest
from schemathesis import GenerationMode

from geodata import bundled
from tests.integration.test_openapi import (
    OPERATIONS,
    WITH_INPUT,
    assert_answers_are_as_declared,
    known_ids,
)

from .server import serving

REQUESTS = 20_000
EACH = 520  # of an operation that takes something, good and bad ones each
MEMORY_MB = 200


@pytest.mark.slow
def test_no_generated_request_breaks_the_service(tmp_path: Path) -> None:
    asked = [
        *((operation, GenerationMode.POSITIVE) for operation in OPERATIONS),
        *((operation, GenerationMode.NEGATIVE) for operation in WITH_INPUT),
    ]
    room = {"max_queue": 1_000_000, "max_queued_per_tenant": 1_000_000}
    rates = {"reads_per_s": 1e6, "writes_per_s": 1e6, "max_time_limit_s": 1}
    with serving(tmp_path, **rates, **room) as server:
        known = known_ids(server.address, bundled.load("lillehammer-2018"))
        before = server.memory_mb
        sent = sum(
            assert_answers_are_as_declared(server.address, known, operation, mode, EACH)
            for operation, mode in asked
        )
        print(f"\n{sent} requests, {server.memory_mb - before:+.0f} MB")
        assert sent >= REQUESTS
        assert server.memory_mb - before < MEMORY_MB
        assert server.errors() == []
