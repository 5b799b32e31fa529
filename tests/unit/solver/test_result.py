import pytest

from solver.domain.result import relative_gap


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
