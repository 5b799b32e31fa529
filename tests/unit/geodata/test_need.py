from fractions import Fraction

import numpy as np
import pytest

from geodata.need import need_places, needs_named, population


def test_population_is_exact_per_district(scenario):
    assert population(scenario, ["land", "by"], "80+", [2026, 2027, 2029]) == (
        (50, 50, 50),
        (100, 150, 200),
    )
    scenario["districts"]["by"]["population"]["80+"] = {"2026": 0.1, "2029": 0.2}
    assert population(scenario, ["by"], "80+", [2027]) == ((Fraction(2, 15),),)


def test_population_of_a_group_nobody_gives_is_zero(scenario):
    scenario["districts"]["by"]["population"] = None
    assert population(scenario, ["by", "land"], "67+", [2026]) == ((0,), (0,))


def test_coverage_is_ratio_times_population_times_mix(scenario):
    need = need_places(scenario, ["by", "land"], ["hdo", "institution"], [2025, 2026, 2027, 2028])
    # by: 16 % of 100 and 150, 20 % of 200; land: 16 %, 16 % and 20 % of 50; no ratio in 2025.
    assert need.tolist() == [
        [[0, 4.8, 7.2, 12.0], [0, 11.2, 16.8, 28.0]],
        [[0, 2.4, 2.4, 3.0], [0, 5.6, 5.6, 7.0]],
    ]


def test_a_need_outside_the_mix_is_zero(scenario):
    assert need_places(scenario, ["by"], ["day"], [2026]).tolist() == [[[0]]]


def test_explicit_need_is_interpolated_and_zero_where_none(scenario):
    scenario["need"] = {"basis": "explicit"}
    scenario["districts"]["by"]["need"] = {"hdo": {"2026": 1.4, "2028": 2}, "day": 3}
    need = need_places(scenario, ["by", "land"], ["day", "hdo"], [2026, 2027, 2028])
    assert need.tolist() == [[[3, 3, 3], [1.4, 1.7, 2.0]], [[0, 0, 0], [0, 0, 0]]]
    assert need.dtype == np.float64


def test_shape_holds_without_districts(scenario):
    assert need_places(scenario, [], ["hdo"], [2026, 2027]).shape == (0, 1, 2)


@pytest.mark.parametrize(
    ("basis", "named"),
    [
        ({"basis": "coverage", "mix": {"day": 1}}, ("day", "hdo", "institution")),
        ({"basis": "explicit", "mix": {"day": 1}}, ("hdo", "institution", "night")),
    ],
)
def test_needs_named_are_those_served_and_those_given(scenario, basis, named):
    scenario["need"] = basis
    scenario["districts"]["by"]["need"] = {"night": 1}
    assert needs_named(scenario) == named
