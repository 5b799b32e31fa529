"""Numbers derived from the instance, looked up by id: what the formulas call their parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from solver.domain.instance import PerYear, SitingInstance
from solver.formulation.service_arrays import positions
from solver.formulation.sets import Sets, longest_minutes, make_sets


@dataclass(frozen=True)
class Parameters:
    """An instance with its sets and derived numbers.

    `need` [places] by (district, need, year) and `minutes` [min] by (site, district) of admissible
    pairs are made when first asked for; `existing` [places] by (site, care type, year); `discount`
    δ_t [1]; `annuity` a(r, L) per project [1/year].
    """

    instance: SitingInstance
    sets: Sets
    existing: Mapping[tuple[str, str, int], int]
    discount: Mapping[int, float]
    annuity: Mapping[str, float]

    @cached_property
    def need(self) -> Mapping[tuple[str, str, int], float]:
        """{(district, need, year): places}, where there are any."""
        need, years = self.instance.need, self.instance.years
        row = positions(self.instance.districts)
        column = positions(self.instance.needs)
        return {
            (i, n, t): float(need[row[i], column[n], t - years[0]]) for i, n, t in self.sets.DEMANDS
        }

    @cached_property
    def district_need(self) -> Mapping[tuple[str, int], float]:
        """{(district, year): places of all kinds}."""
        totals = self.instance.need.sum(axis=1)
        return {
            (i, t): float(totals[row, index])
            for row, i in enumerate(self.instance.districts)
            for index, t in enumerate(self.sets.YEARS)
        }

    @cached_property
    def longest_minutes(self) -> Mapping[str, float]:
        """{district: the longest journey that it may make}."""
        longest = longest_minutes(self.instance).tolist()
        return dict(zip(self.instance.districts, longest, strict=True))

    @cached_property
    def weighed_need(self) -> Mapping[int, float]:
        """{year: places needed in all} where the worst-off district is weighed."""
        if not self.instance.weighs_worst_off:
            return {}
        totals = self.instance.need.sum(axis=(0, 1)).tolist()
        return {t: need for t, need in zip(self.sets.YEARS, totals, strict=True) if need > 0}

    @cached_property
    def minutes(self) -> Mapping[tuple[str, str], float]:
        """{(site, district): minutes} of pairs that may be."""
        minutes = self.instance.travel.minutes
        row, column = positions(self.instance.sites), positions(self.instance.districts)
        pairs = {(j, i) for i, _, j, _, _ in self.sets.ALLOCATIONS}
        return {(j, i): float(minutes[row[j], column[i]]) for j, i in pairs}

    @cached_property
    def felt_minutes(self) -> Mapping[tuple[str, str], float]:
        """{(site, district): Kolm–Pollak minutes} of pairs that may be."""
        felt = self.instance.objective.felt_minutes(np.array(list(self.minutes.values())))
        return dict(zip(self.minutes, felt.tolist(), strict=True))

    def previous(self, year: int, steps: int = 1) -> int | None:
        """The year `steps` before, None where that is before the first."""
        earlier = year - steps
        return earlier if earlier >= self.instance.years[0] else None

    def limited_years(self, series: PerYear) -> tuple[tuple[int, Fraction], ...]:
        """The years in which a series has a value, with the value."""
        pairs = zip(self.instance.years, series, strict=True)
        return tuple((t, value) for t, value in pairs if value is not None)

    @property
    def counted_types(self) -> tuple[str, ...]:
        """Care types that count towards the coverage ratio."""
        types = self.instance.care_types.items()
        return tuple(p for p, care_type in types if care_type.counts_towards_coverage)


def make_parameters(instance: SitingInstance) -> Parameters:
    """Lay out an instance's numbers for the formulation."""
    sets = make_sets(instance)
    first = instance.years[0]
    rate = instance.objective.discount_rate
    return Parameters(
        instance=instance,
        sets=sets,
        existing={
            (j, p, t): places
            for j, site in instance.sites.items()
            for p, series in site.places.items()
            for t, places in zip(instance.years, series, strict=True)
        },
        discount={t: (1 + rate) ** (first - t) for t in instance.years},
        annuity={k: annuity(rate, p.lifetime_years) for k, p in instance.projects.items()},
    )


def annuity(rate: float, years: int) -> float:
    """a(r, L) = r / (1 − (1 + r)^−L), and 1/L when r = 0 [1/year]."""
    return rate / (1 - (1 + rate) ** -years) if rate else 1 / years
