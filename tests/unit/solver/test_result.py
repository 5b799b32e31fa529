import json
from dataclasses import asdict
from typing import get_args

import pytest

from app.schemas.base import StrategyName
from solver.domain.result import REFEREE_SECONDS, SolveOptions, Strategy, relative_gap


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (100, 99, 0.01),
        (-100, -101, 0.01),
        (100, 100, 0),
        (0, 0, 0),
        (0, -1, None),
        (None, 1, None),
        (1, None, None),
    ],
)
def test_gap_is_relative_to_the_objective(objective, bound, gap):
    assert relative_gap(objective, bound) == (None if gap is None else pytest.approx(gap))


def test_options_go_through_json_and_back():
    options = SolveOptions(5.0, 0.1, 2, 100.0, Strategy.PLAIN, referee=True)
    assert SolveOptions.from_json(json.loads(json.dumps(asdict(options)))) == options


def test_options_that_are_not_told_have_their_default():
    assert SolveOptions.from_json({"threads": 2}) == SolveOptions(threads=2)


def test_the_referee_has_time_beyond_the_limit():
    assert SolveOptions(5.0).seconds_in_all == 5
    assert SolveOptions(5.0, referee=True).seconds_in_all == 5 + REFEREE_SECONDS


def test_strategies_of_documents_and_solver_agree():
    assert get_args(StrategyName) == tuple(strategy.value for strategy in Strategy)
