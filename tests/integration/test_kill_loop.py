"""A short kill loop; the long one is `make test-killloop`."""

import pytest

from tests.integration.killloop import shoot_at

SEEDS = {"sqlite": 3, "postgresql": 5}


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_every_run_ends_once_whatever_is_killed(backend: str) -> None:
    history = shoot_at(backend, kills=3, seed=SEEDS[backend])
    assert sum(history.shots.values()) == 3
