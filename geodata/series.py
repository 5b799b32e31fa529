"""Series over years, read exactly: 0.16 is 4/25, so that a target rounds as on paper."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache

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
    starts, value = _points(series)
    at = [bisect_right(starts, year) - 1 for year in years]
    return tuple(None if index < 0 else value(index) for index in at)


def linear(series: Series | None, years: Sequence[int]) -> tuple[Fraction, ...]:
    """A linear series in each of `years`: interpolated, constant before the first and after
    the last value. Zeros when there is no series, or nothing in it.
    """
    if not isinstance(series, Mapping):
        return (Fraction(0) if series is None else exact(series),) * len(years)
    if not series:
        return (Fraction(0),) * len(years)
    knots, value = _points(series)
    return tuple(_interpolated(knots, value, year) for year in years)


_ValueAt = Callable[[int], Fraction]


def _points(series: Mapping[str, float]) -> tuple[list[int], _ValueAt]:
    """The years that have a value, in order, and the value of each by its place among them.

    A series may have many more years than are asked for, so each is read when it is wanted.
    """
    ordered = sorted(series, key=int)
    return [int(year) for year in ordered], cache(lambda at: exact(series[ordered[at]]))


def _interpolated(knots: list[int], value: _ValueAt, year: int) -> Fraction:
    after = bisect_right(knots, year)
    if after == 0:
        return value(0)
    before, last = after - 1, len(knots) - 1
    if before == last or knots[before] == year:
        return value(before)
    share = Fraction(year - knots[before], knots[after] - knots[before])
    return value(before) + share * (value(after) - value(before))
