"""A repair as a change of the scenario document: every rule asks for what the plan can give."""

import copy
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from app.schemas.merge_patch import merge_diff
from app.schemas.scenario import Scenario
from geodata.series import exact, step
from solver.domain.instance import CoverageTarget, SitingInstance, rounded_places
from solver.domain.repair import Relaxation, Repair
from solver.domain.rules import RuleName

Document = dict[str, Any]
LEAST_DECIMALS, MOST_DECIMALS = 3, 12  # of a ratio: 0.131 is 13.1 %


def repair_patch(
    scenario: Scenario, instance: SitingInstance, repair: Repair, unmet_place_year_nok: float
) -> Document:
    """The merge patch that makes the scenario ask for no more than the repair gives.

    Other years keep their values. A rule of a document that only is or is not, as a list, is taken
    away where it is broken. Unmet need is allowed at `unmet_place_year_nok`.
    """
    document = scenario.plain()
    changed = copy.deepcopy(document)
    change = _Change(changed, scenario, instance, unmet_place_year_nok)
    for relaxation in repair.relaxations:
        change.make(relaxation)
    return merge_diff(document, changed)


class _Change:
    """Changes a document in place, one relaxation after the other."""

    def __init__(
        self, document: Document, scenario: Scenario, instance: SitingInstance, unmet_nok: float
    ) -> None:
        self._document = document
        self._scenario = scenario
        self._instance = instance
        self._unmet_nok = unmet_nok

    def make(self, relaxation: Relaxation) -> None:
        """Let the document ask for what the relaxation gives."""
        _CHANGES[relaxation.rule](self, relaxation)

    def need_met(self, _: Relaxation) -> None:
        """All need must be met, or none: what is missing then has a price."""
        self._document["objective"]["unmet_place_year_nok"] = _number(exact(self._unmet_nok))

    def exclusions(self, relaxation: Relaxation) -> None:
        """Either of the two may name the other."""
        one, other = relaxation.about
        _remove(self._project(one), "excludes", other)
        _remove(self._project(other), "excludes", one)

    def requirements(self, relaxation: Relaxation) -> None:
        """The project no longer requires the other."""
        project, base = relaxation.about
        _remove(self._project(project), "requires", base)

    def opening_years(self, relaxation: Relaxation) -> None:
        """The year that is broken becomes the opening year."""
        asked, given = _numbers(relaxation)
        opens = self._project(relaxation.about[0]).setdefault("opens", {})
        opens["earliest" if given < asked else "latest"] = int(given)

    def required_projects(self, relaxation: Relaxation) -> None:
        """No longer required."""
        _remove(self._policies, "required_projects", relaxation.about[0])

    def forbidden_projects(self, relaxation: Relaxation) -> None:
        """No longer forbidden."""
        _remove(self._policies, "forbidden_projects", relaxation.about[0])

    def allowed_ownership(self, relaxation: Relaxation) -> None:
        """The form of ownership is allowed, to all projects."""
        self._policies["allowed_ownership"].append(relaxation.about[0])

    def coverage(self, relaxation: Relaxation) -> None:
        """A ratio that rounds to the places there are."""
        _, given = _numbers(relaxation)
        people = self._people(self._instance.targets.coverage, relaxation)
        ratio = _ratio(given, people, lambda r: rounded_places(r, people) == given)
        self._set_year(self._document["targets"]["coverage"], "ratio", relaxation, ratio)

    def core_coverage(self, relaxation: Relaxation) -> None:
        """A ratio that asks for the places there are, of this core alone."""
        _, given = _numbers(relaxation)
        core = relaxation.about[0]
        people = self._people(self._instance.targets.core_coverage[core], relaxation)
        ratio = _ratio(given, people, lambda r: ceil(r * people) == given)
        target = self._document["targets"]["core_coverage"]
        if not self._by_core(target["ratio"]):
            target["ratio"] = {g: copy.copy(target["ratio"]) for g in self._scenario.cores or {}}
        self._set_year(target["ratio"], core, relaxation, ratio)

    def staff(self, relaxation: Relaxation) -> None:
        """So many FTE that year."""
        available = self._document["staffing"]["available_fte"]
        self._set_year(available, relaxation.about[0], relaxation)

    def investment_year(self, relaxation: Relaxation) -> None:
        """A higher ceiling that year."""
        self._set_year(self._document["budget"], "investment_nok", relaxation)

    def investment_total(self, relaxation: Relaxation) -> None:
        """A higher ceiling in all."""
        self._document["budget"]["investment_total_nok"] = _number(_numbers(relaxation)[1])

    def operating(self, relaxation: Relaxation) -> None:
        """A higher ceiling that year."""
        self._set_year(self._document["budget"], "operating_nok", relaxation)

    def keep_places(self, relaxation: Relaxation) -> None:
        """The care type need no longer be kept; a document has no number for how many."""
        _remove(self._policies, "keep_places", relaxation.about[0])

    def max_projects(self, relaxation: Relaxation) -> None:
        """So many projects."""
        self._policies["max_projects"] = int(_numbers(relaxation)[1])

    def min_cores(self, relaxation: Relaxation) -> None:
        """So many cores."""
        self._policies["min_cores_with_places"] = int(_numbers(relaxation)[1])

    def within(self, relaxation: Relaxation) -> None:
        """A smaller share that year."""
        self._set_year(self._document["targets"]["within"], "share", relaxation)

    @property
    def _policies(self) -> Document:
        policies: Document = self._document["policies"]
        return policies

    def _project(self, project: str) -> Document:
        found: Document = self._document["projects"][project]
        return found

    def _people(self, target: CoverageTarget | None, relaxation: Relaxation) -> Fraction:
        assert target is not None
        assert relaxation.year is not None
        return target.population[relaxation.year - self._instance.years[0]]

    def _by_core(self, ratio: Any) -> bool:
        return isinstance(ratio, dict) and not ratio.keys().isdisjoint(self._scenario.cores or {})

    def _set_year(
        self, home: Document, name: str, relaxation: Relaxation, value: Fraction | None = None
    ) -> None:
        """Another value of a step series in the relaxation's year alone."""
        year, years = relaxation.year, self._instance.years
        assert year is not None
        given = _numbers(relaxation)[1] if value is None else value
        series = home[name]
        (held,) = step(series, (year,))
        if not isinstance(series, dict):
            series = {str(years[0]): series}
        if year < years[-1] and held is not None:
            series.setdefault(str(year + 1), _number(held))
        series[str(year)] = _number(given)
        home[name] = dict(sorted(series.items()))


_CHANGES: Mapping[RuleName, Callable[[_Change, Relaxation], None]] = {
    RuleName.NEED_MET: _Change.need_met,
    RuleName.EXCLUSIONS: _Change.exclusions,
    RuleName.REQUIREMENTS: _Change.requirements,
    RuleName.OPENING_YEARS: _Change.opening_years,
    RuleName.REQUIRED_PROJECTS: _Change.required_projects,
    RuleName.FORBIDDEN_PROJECTS: _Change.forbidden_projects,
    RuleName.ALLOWED_OWNERSHIP: _Change.allowed_ownership,
    RuleName.COVERAGE: _Change.coverage,
    RuleName.CORE_COVERAGE: _Change.core_coverage,
    RuleName.STAFF: _Change.staff,
    RuleName.INVESTMENT_YEAR: _Change.investment_year,
    RuleName.INVESTMENT_TOTAL: _Change.investment_total,
    RuleName.OPERATING: _Change.operating,
    RuleName.KEEP_PLACES: _Change.keep_places,
    RuleName.MAX_PROJECTS: _Change.max_projects,
    RuleName.MIN_CORES: _Change.min_cores,
    RuleName.WITHIN: _Change.within,
}


def _ratio(places: Fraction, people: Fraction, fits: Callable[[Fraction], bool]) -> Fraction:
    """A ratio with few decimals, no more than places ÷ people, that asks for these places."""
    if places <= 0:
        return Fraction(0)
    for decimals in range(LEAST_DECIMALS, MOST_DECIMALS):
        scale = 10**decimals
        ratio = Fraction(places / people * scale // 1, scale)
        if fits(ratio):
            return ratio
    return Fraction(places / people * 10**MOST_DECIMALS // 1, 10**MOST_DECIMALS)


def _numbers(relaxation: Relaxation) -> tuple[Fraction, Fraction]:
    """What is asked and what is given, of a rule that has numbers."""
    assert relaxation.asked is not None
    assert relaxation.given is not None
    return relaxation.asked, relaxation.given


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _remove(home: Document, name: str, member: str) -> None:
    if member in home.get(name, ()):
        home[name] = [each for each in home[name] if each != member]
