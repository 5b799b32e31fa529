"""A plan's quantities added up, exactly, from the scenario's data."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import repeat
from math import expm1, floor, inf, isfinite
from typing import NamedTuple

from solver.domain.instance import CoverageTarget, PerYear, Project, SitingInstance
from solver.domain.plan import Plan

ZERO = Fraction(0)
LARGEST_EXPONENT = 700.0


class Journey(NamedTuple):
    """Places of a site that a district uses, and the minutes one way; inf: cannot be reached."""

    district: str
    care_type: str
    places: float
    minutes: float


class Books:
    """A plan's quantities added up, exactly; looked up by year."""

    def __init__(self, instance: SitingInstance, plan: Plan) -> None:
        self.instance = instance
        self.plan = plan
        self.first, self.last = instance.years[0], instance.years[-1]

    def is_open(self, k: str, year: int) -> bool:
        """Whether a project has opened by a year."""
        return k in self.plan.opens and self.plan.opens[k] <= year

    def is_active(self, k: str, year: int) -> bool:
        """Whether a project is in use in a year."""
        lasts = self.instance.projects[k].available_years
        return self.is_open(k, year) and (lasts is None or year < self.plan.opens[k] + lasts)

    def active(self, year: int) -> Iterator[tuple[str, Project]]:
        """The projects in use in a year."""
        for k in sorted(self.plan.opens):
            if self.is_active(k, year):
                yield k, self.instance.projects[k]

    def project_places(self, k: str, year: int) -> int:
        """A project's places of all types in a year; none before the first year."""
        types = self.instance.projects[k].care_types
        return sum(self.plan.places.get((k, p, year), 0) for p in types)

    def existing(self, j: str, p: str, year: int) -> int:
        """Places that stand at a site before any project."""
        series = self.instance.sites[j].places.get(p)
        return series[year - self.first] if series is not None else 0

    def removed(self, j: str, p: str, year: int) -> int:
        """Existing places that opened projects have taken."""
        return self._removed.get((j, p, year), 0)

    @cached_property
    def _removed(self) -> Mapping[tuple[str, str, int], int]:
        """{(site, care type, year): existing places lost}."""
        removed: dict[tuple[str, str, int], int] = defaultdict(int)
        for k, opens in self.plan.opens.items():
            project = self.instance.projects[k]
            for p, places in project.removes.items():
                for t in range(max(opens, self.first), self.last + 1):
                    removed[project.site, p, t] += places
        return removed

    @cached_property
    def stock(self) -> Mapping[tuple[str, int], Mapping[str, int]]:
        """{(care type, year): {site: places}}: existing less removed plus projects'."""
        given: dict[tuple[str, str, int], int] = defaultdict(int)
        for (k, p, t), places in self.plan.places.items():
            given[self.instance.projects[k].site, p, t] += places
        return {
            (p, t): {
                j: self.existing(j, p, t) - self.removed(j, p, t) + given.get((j, p, t), 0)
                for j in self.instance.sites
            }
            for p in self.instance.care_types
            for t in self.instance.years
        }

    @cached_property
    def _totals(self) -> Mapping[tuple[str, int], int]:
        return {at: sum(places.values()) for at, places in self.stock.items()}

    def total(self, p: str, year: int) -> int:
        """All places of a care type."""
        return self._totals[p, year]

    def counted(self, year: int, core: str | None = None) -> int:
        """Places that count towards coverage, in the municipality or one core."""
        sites = self.instance.sites
        return sum(
            places
            for p, care_type in self.instance.care_types.items()
            if care_type.counts_towards_coverage
            for j, places in self.stock[p, year].items()
            if core is None or sites[j].core == core
        )

    def fte(self, group: str, year: int) -> Fraction:
        """FTE of a staff group that places and open projects ask for."""
        types = self.instance.care_types
        per_place = sum(
            Fraction(types[p].fte_per_place.get(group, 0)) * self.total(p, year) for p in types
        )
        return ZERO + per_place + self.fixed_fte(group, year)

    def fixed_fte(self, group: str, year: int) -> Fraction:
        """FTE of a staff group that open projects ask for, however many places they have."""
        return sum((Fraction(one.fte.get(group, 0)) for _, one in self.active(year)), ZERO)

    def used_fte(self, group: str, year: int) -> Fraction:
        """FTE of a staff group in the places that somebody has."""
        types = self.instance.care_types
        used = [(one.places, types[one.care_type].fte_per_place) for one in self.journeys[year]]
        return added((places for places, _ in used), (float(fte.get(group, 0)) for _, fte in used))

    def investment_nok(self, year: int) -> Fraction:
        """Net investment in openings and growth of a year."""
        total = ZERO
        for k, project in self.instance.projects.items():
            if self.plan.opens.get(k) == year:
                total += Fraction(project.investment_nok)
            before = self.project_places(k, year - 1) if year > self.first else 0
            grown = self.project_places(k, year) - before
            if grown:
                total += Fraction(project.net_investment_per_place_nok) * grown
        return total

    def capital_nok(self, year: int) -> Fraction:
        """Annuities of what is in use."""
        return sum(
            (
                annuity(self.instance.objective.discount_rate, project.lifetime_years)
                * (
                    Fraction(project.investment_nok)
                    + Fraction(project.net_investment_per_place_nok) * self.project_places(k, year)
                )
                for k, project in self.active(year)
            ),
            ZERO,
        )

    def operating_nok(self, year: int) -> Fraction:
        """Operation of all places and of open projects."""
        types = self.instance.care_types
        per_place = sum(Fraction(types[p].operating_cost_nok) * self.total(p, year) for p in types)
        fixed = sum(Fraction(project.operating_cost_nok) for _, project in self.active(year))
        return ZERO + per_place + fixed

    @cached_property
    def _unmet(self) -> Mapping[int, Mapping[str, Fraction]]:
        """{year: {need: places}}."""
        unmet: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for (_, n, t), places in self.plan.unmet.items():
            unmet[t][n].append(places)
        return {t: {n: added(parts) for n, parts in year.items()} for t, year in unmet.items()}

    def unmet(self, year: int) -> Mapping[str, Fraction]:
        """Unmet need by kind."""
        return {n: self._unmet.get(year, {}).get(n, ZERO) for n in self.instance.needs}

    def unmet_nok(self, year: int) -> Fraction:
        """What unmet need costs."""
        price = Fraction(self.instance.objective.unmet_place_year_nok or 0)
        return price * sum(self.unmet(year).values(), ZERO)

    @cached_property
    def journeys(self) -> Mapping[int, list[Journey]]:
        """Who travels how far, by year."""
        row = {j: index for index, j in enumerate(self.instance.sites)}
        column = {i: index for index, i in enumerate(self.instance.districts)}
        journeys: dict[int, list[Journey]] = {t: [] for t in self.instance.years}
        for (i, _, j, p, t), places in self.plan.allocation.items():
            minutes = float(self.instance.travel.minutes[row[j], column[i]])
            journeys[t].append(Journey(i, p, places, minutes))
        return journeys

    def travel_nok(self, year: int) -> Fraction:
        """What journeys cost."""
        return Fraction(self.instance.travel.nok_per_minute) * self.place_minutes(year)

    def place_minutes(self, year: int) -> Fraction:
        """Places × minutes of all journeys."""
        return _place_minutes(self.journeys[year])

    def equity_nok(self, year: int) -> Fraction:
        """What the weights of Kolm and Pollak and of the worst-off district add, weighted."""
        goal = self.instance.objective
        nok = ZERO
        if goal.kolm_pollak_weight:
            nok += exact(goal.kolm_pollak_weight) * self._kolm_pollak_nok(year)
        if goal.worst_off_weight:
            nok += exact(goal.worst_off_weight) * self._worst_off_nok(year)
        return nok

    def _kolm_pollak_nok(self, year: int) -> Fraction:
        """Journeys as if each took (exp(κ·minutes) − 1) ÷ κ minutes; exact but for the exp."""
        aversion = self.instance.objective.inequality_aversion_per_minute
        if aversion is None:
            return ZERO
        reached = [one for one in self.journeys[year] if isfinite(one.minutes)]
        felt = added(
            (one.places for one in reached),
            (_felt_minutes(aversion, one.minutes) for one in reached),
        )
        return Fraction(self.instance.travel.nok_per_minute) * felt

    def _worst_off_nok(self, year: int) -> Fraction:
        """All need of the year, as if each place took what those of the worst-off district take.

        That is the largest of the districts' place-minutes ÷ places needed, where a place missing
        takes as long as the district's longest journey that may be made.
        """
        by_district: dict[str, list[Journey]] = defaultdict(list)
        for one in self.journeys[year]:
            by_district[one.district].append(one)
        for (i, n, t), missing in self.plan.unmet.items():
            if t == year:
                by_district[i].append(Journey(i, n, missing, self._longest_minutes[i]))
        needs = self.instance.need[:, :, year - self.first].tolist()
        needed = dict(zip(self.instance.districts, map(added, needs), strict=True))
        worst = max(
            (_place_minutes(mine) / needed[i] for i, mine in by_district.items() if needed[i]),
            default=ZERO,
        )
        everybody = sum(needed.values(), ZERO)
        return Fraction(self.instance.travel.nok_per_minute) * everybody * worst

    def discount(self, year: int) -> Fraction:
        """δ_t."""
        return 1 / (1 + exact(self.instance.objective.discount_rate)) ** (year - self.first)

    @cached_property
    def _longest_minutes(self) -> Mapping[str, float]:
        """{district: its longest journey that may be made; 0 without any}."""
        travel, districts = self.instance.travel, self.instance.districts
        limit = inf if travel.limit_minutes is None else travel.limit_minutes
        longest = dict.fromkeys(districts, 0.0)
        for row in travel.minutes.tolist():
            for i, minutes in zip(districts, row, strict=True):
                if minutes <= limit and isfinite(minutes):
                    longest[i] = max(longest[i], minutes)
        return longest


def _felt_minutes(aversion: float, minutes: float) -> float:
    """(exp(κ·m) − 1) ÷ κ. Only a journey that may not be made is beyond the largest float."""
    return expm1(min(aversion * minutes, LARGEST_EXPONENT)) / aversion


def _place_minutes(journeys: Iterable[Journey]) -> Fraction:
    reached = [one for one in journeys if isfinite(one.minutes)]
    return added((one.places for one in reached), (one.minutes for one in reached))


def added(numbers: Iterable[float], times: Iterable[float] = repeat(1)) -> Fraction:
    """The exact sum of numbers, each times its own factor.

    What has the same denominator is added as whole numbers: a float's is a power of two, and
    adding fractions one by one would seek a common divisor each time.
    """
    whole: dict[int, int] = defaultdict(int)
    for number, factor in zip(numbers, times, strict=False):
        above, below = number.as_integer_ratio()
        more, less = factor.as_integer_ratio()
        whole[below * less] += above * more
    return sum((Fraction(above, below) for below, above in whole.items()), ZERO)


def annuity(rate: float, years: int) -> Fraction:
    """a(r, L) = r ÷ (1 − (1 + r)^−L), and 1 ÷ L when r = 0."""
    if rate == 0:
        return Fraction(1, years)
    r = exact(rate)
    return r / (1 - (1 + r) ** -years)


def exact(number: float) -> Fraction:
    """The decimal number that was written: 0.04 is 1/25, not its nearest binary fraction."""
    return Fraction(repr(float(number)))


def target_places(instance: SitingInstance, target: CoverageTarget) -> dict[int, int]:
    """Places that a coverage target asks for, by year: rounded half up to a whole place."""
    people = dict(zip(instance.years, target.population, strict=True))
    asked = {t: ratio * people[t] for t, ratio in limited(instance, target.ratio)}
    return {t: floor(places + Fraction(1, 2)) for t, places in asked.items()}


def limited(instance: SitingInstance, series: PerYear) -> Iterator[tuple[int, Fraction]]:
    """The years in which a series has a value, with the value."""
    for t, value in zip(instance.years, series, strict=True):
        if value is not None:
            yield t, value
