"""An error goes to another process and comes back as it was."""

import pickle
from copy import copy

import pytest

from solver.domain.errors import (
    GeodataError,
    Issue,
    ScenarioInvalid,
    SitingError,
    SolverCrashed,
    StrategyNotApplicable,
)

ERRORS = (
    SitingError("x", "y"),
    GeodataError("x", "y"),
    ScenarioInvalid([Issue("/a", "x", "y", "z")]),
    StrategyNotApplicable("plain"),
    SolverCrashed("y"),
)


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_again(error, again):
    twin = again(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)
