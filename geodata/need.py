"""From demography to need: places needed per district, kind of need and year."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.series import exact, linear, step

_Exact = Sequence[Sequence[Sequence[Fraction]]]  # districts, needs, years


def population(
    scenario: Mapping[str, Any], districts: Sequence[str], group: str, years: Sequence[int]
) -> tuple[tuple[Fraction, ...], ...]:
    """Inhabitants of a group, exact, per district and year; 0 where the group is not given."""
    groups = [scenario["districts"][district].get("population") or {} for district in districts]
    return tuple(linear(given.get(group), years) for given in groups)


def needs_named(scenario: Mapping[str, Any]) -> tuple[str, ...]:
    """Every need that a care type serves or that the scenario's basis gives, sorted."""
    named = {need for care_type in scenario["care_types"].values() for need in care_type["serves"]}
    if scenario["need"]["basis"] == "coverage":
        named.update(scenario["need"]["mix"])
    else:
        for district in scenario["districts"].values():
            named.update(district.get("need") or {})
    return tuple(sorted(named))


def need_places(
    scenario: Mapping[str, Any],
    districts: Sequence[str],
    needs: Sequence[str],
    years: Sequence[int],
) -> NDArray[np.float64]:
    """Places needed, shape (districts, needs, years).

    Basis `explicit`: the district's own linear series, 0 where there is none. Basis `coverage`:
    ratio × population × mix, 0 before the ratio's first year and for a need outside the mix.
    Each figure is computed exactly and rounded once, to the nearest float.
    """
    if scenario["need"]["basis"] == "coverage":
        given = _coverage(scenario, districts, needs, years)
    else:
        given = _explicit(scenario, districts, needs, years)
    return np.array(given, dtype=np.float64).reshape(len(districts), len(needs), len(years))


def _explicit(
    scenario: Mapping[str, Any],
    districts: Sequence[str],
    needs: Sequence[str],
    years: Sequence[int],
) -> _Exact:
    given = [scenario["districts"][district].get("need") or {} for district in districts]
    return [[linear(series.get(need), years) for need in needs] for series in given]


def _coverage(
    scenario: Mapping[str, Any],
    districts: Sequence[str],
    needs: Sequence[str],
    years: Sequence[int],
) -> _Exact:
    basis = scenario["need"]
    ratios = [ratio or Fraction(0) for ratio in step(basis["ratio"], years)]
    mix = [exact(basis["mix"].get(need, 0)) for need in needs]
    factors = [[share * ratio for ratio in ratios] for share in mix]
    people = population(scenario, districts, basis["population"], years)
    return [
        [[f * p for f, p in zip(factor, persons, strict=True)] for factor in factors]
        for persons in people
    ]
