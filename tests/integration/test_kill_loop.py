"""A short kill loop; the long one is `make test-killloop`."""

import pytest

from tests.integration.killloop import shoot_at


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_every_run_ends_once_whatever_is_killed(backend: str) -> None:
    history = shoot_at(backend, kills=4, seed=7)
    assert sum(history.shots.values()) == 4
