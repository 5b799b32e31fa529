"""Series over years, read exactly: 0.16 is 4/25, so that a target rounds as on paper."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction

Series = float | Mapping[str, float]


def exact(number: float) -> Fraction:
    """The decimal value of a JSON number, not the binary one that stands for it."""
    return Fraction(repr(number))


def step(series: Series | None, years: Sequence[int]) -> tuple[Fraction | None, ...]:
    """A step series in each of `years`: a value holds until the next.

    None before the first value, and in every year when there is no series.
    """
    if not isinstance(series, Mapping):
        return (None if series is None else exact(series),) * len(years)
    starts, values = _points(series)
    at = [bisect_right(starts, year) - 1 for year in years]
    return tuple(None if index < 0 else values[index] for index in at)


def linear(series: Series | None, years: Sequence[int]) -> tuple[Fraction, ...]:
    """A linear series in each of `years`: interpolated, constant before the first and after
    the last value. Zeros when there is no series, or nothing in it.
    """
    if not isinstance(series, Mapping):
        return (Fraction(0) if series is None else exact(series),) * len(years)
    if not series:
        return (Fraction(0),) * len(years)
    knots, values = _points(series)
    return tuple(_interpolated(knots, values, year) for year in years)


def _points(series: Mapping[str, float]) -> tuple[list[int], list[Fraction]]:
    ordered = sorted(series, key=int)
    return [int(year) for year in ordered], [exact(series[year]) for year in ordered]


def _interpolated(knots: list[int], values: list[Fraction], year: int) -> Fraction:
    after = bisect_right(knots, year)
    if after == 0:
        return values[0]
    if after == len(knots):
        return values[-1]
    share = Fraction(year - knots[after - 1], knots[after] - knots[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])
