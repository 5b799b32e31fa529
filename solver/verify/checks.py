"""Every claim about a plan: its code, its words, and its rows recomputed."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, isfinite

from solver.domain.result import Check
from solver.verify.books import ZERO, Books, added, exact, limited, target_places

TOLERANCE = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Row:
    """One instance of a claim: it holds when `excess` ≤ tolerance × max(1, scale).

    `where` are the ids and the year it is about.
    """

    where: tuple[object, ...]
    excess: Fraction
    scale: Fraction | float = ZERO

    @property
    def violation(self) -> Fraction:
        """Excess relative to the row's own scale; zero or less when the row holds exactly."""
        return self.excess / max(Fraction(1), abs(Fraction(self.scale)))


def _need_balance(books: Books) -> Iterator[Row]:
    met: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for (i, n, _, _, t), places in books.plan.allocation.items():
        met[i, n, t].append(places)
    for index, missing in books.plan.unmet.items():
        met[index].append(missing)
    instance = books.instance
    indices = product(instance.districts, instance.needs, instance.years)
    needs = dict(zip(indices, instance.need.ravel().tolist(), strict=True))
    for index in sorted(needs.keys() | met.keys()):
        need, parts = needs.get(index, 0.0), met.get(index, [])
        exactly = parts == [need] or not (parts or need)
        yield Row(index, ZERO if exactly else abs(added(parts) - Fraction(need)), need)


def _unmet_allowed(books: Books) -> Iterator[Row]:
    forbidden = books.instance.objective.unmet_place_year_nok is None
    for index, places in sorted(books.plan.unmet.items()):
        yield Row(index, Fraction(places) if forbidden else -Fraction(places))


def _allocation_admissible(books: Books) -> Iterator[Row]:
    travel = books.instance.travel
    limit = float("inf") if travel.limit_minutes is None else travel.limit_minutes
    row = {j: index for index, j in enumerate(books.instance.sites)}
    column = {i: index for index, i in enumerate(books.instance.districts)}
    for (i, n, j, p, t), places in sorted(books.plan.allocation.items()):
        minutes = float(travel.minutes[row[j], column[i]])
        serves = n in books.instance.care_types[p].serves
        ok = serves and isfinite(minutes) and minutes <= limit and places >= 0
        yield Row((i, n, j, p, t), ZERO if ok else abs(Fraction(places)) + 1)


def _allocation_within_places(books: Books) -> Iterator[Row]:
    used: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for (_, _, j, p, t), places in books.plan.allocation.items():
        used[j, p, t].append(places)
    for (j, p, t), parts in sorted(used.items()):
        there = books.stock[p, t][j]
        yield Row((j, p, t), added(parts) - there, there)


def _removals_within_existing(books: Books) -> Iterator[Row]:
    for j in books.instance.sites:
        for p in books.instance.care_types:
            for t in books.instance.years:
                lost = books.removed(j, p, t)
                if lost:
                    yield Row((j, p, t), Fraction(lost - books.existing(j, p, t)))


def _project_sizes(books: Books) -> Iterator[Row]:
    for k, project in books.instance.projects.items():
        for t in books.instance.years:
            places = books.project_places(k, t)
            active = books.is_active(k, t)
            low, high = (project.min_places, project.max_places) if active else (0, 0)
            yield Row((k, t), Fraction(max(low - places, places - high)))


def _whole_steps(books: Books) -> Iterator[Row]:
    for (k, p, t), places in sorted(books.plan.places.items()):
        project = books.instance.projects[k]
        whole = isinstance(places, int) and places >= 0 and places % project.step == 0
        ok = whole and p in project.care_types and t in books.instance.years
        yield Row((k, p, t), Fraction(0 if ok else 1))


def _places_do_not_shrink(books: Books) -> Iterator[Row]:
    for k, project in books.instance.projects.items():
        for p in project.care_types:
            for t in books.instance.years[1:]:
                if books.is_active(k, t):
                    before = books.plan.places.get((k, p, t - 1), 0)
                    now = books.plan.places.get((k, p, t), 0)
                    yield Row((k, p, t), Fraction(before - now))


def _excludes(books: Books) -> Iterator[Row]:
    for k, project in books.instance.projects.items():
        for other in project.excludes:
            both = k in books.plan.opens and other in books.plan.opens
            yield Row((k, other), Fraction(both))


def _requires(books: Books) -> Iterator[Row]:
    for k, opens in sorted(books.plan.opens.items()):
        for base in books.instance.projects[k].requires:
            yield Row((k, base), Fraction(not books.is_open(base, opens)))


def _opening_years(books: Books) -> Iterator[Row]:
    for k, opens in sorted(books.plan.opens.items()):
        project = books.instance.projects[k]
        latest = books.last if project.latest is None else min(project.latest, books.last)
        earliest = max(project.earliest, books.first)
        yield Row((k,), Fraction(max(earliest - opens, opens - latest)))


def _required_and_forbidden(books: Books) -> Iterator[Row]:
    policies = books.instance.policies
    for k in sorted(policies.required_projects):
        yield Row((k,), Fraction(k not in books.plan.opens))
    for k in sorted(books.plan.opens):
        owner = books.instance.projects[k].ownership
        allowed = policies.allowed_ownership
        forbidden = allowed is not None and owner not in allowed
        yield Row((k,), Fraction(forbidden or k in policies.forbidden_projects))


def _coverage(books: Books) -> Iterator[Row]:
    target = books.instance.targets.coverage
    if target is not None:
        for t, places in target_places(books.instance, target).items():
            yield Row((t,), Fraction(places - books.counted(t)), Fraction(places))


def _core_coverage(books: Books) -> Iterator[Row]:
    for g, target in books.instance.targets.core_coverage.items():
        people = dict(zip(books.instance.years, target.population, strict=True))
        for t, ratio in limited(books.instance, target.ratio):
            asked = Fraction(ceil(ratio * people[t]))
            yield Row((g, t), asked - books.counted(t, g), asked)


def _staff(books: Books) -> Iterator[Row]:
    for group, series in books.instance.limits.available_fte.items():
        for t, available in limited(books.instance, series):
            yield Row((group, t), books.fte(group, t) - available, available)


def _investment_per_year(books: Books) -> Iterator[Row]:
    for t, ceiling in limited(books.instance, books.instance.limits.investment_nok):
        yield Row((t,), books.investment_nok(t) - ceiling, ceiling)


def _investment_in_all(books: Books) -> Iterator[Row]:
    limit = books.instance.limits.investment_total_nok
    if limit is not None:
        spent = sum((books.investment_nok(t) for t in books.instance.years), ZERO)
        yield Row((), spent - exact(limit), exact(limit))


def _operating(books: Books) -> Iterator[Row]:
    for t, ceiling in limited(books.instance, books.instance.limits.operating_nok):
        yield Row((t,), books.operating_nok(t) - ceiling, ceiling)


def _kept_types(books: Books) -> Iterator[Row]:
    for p in books.instance.policies.keep_places:
        today = sum(books.existing(j, p, books.first) for j in books.instance.sites)
        for t in books.instance.years:
            yield Row((p, t), Fraction(today - books.total(p, t)), Fraction(today))


def _number_of_projects(books: Books) -> Iterator[Row]:
    most = books.instance.policies.max_projects
    if most is not None:
        yield Row((), Fraction(len(books.plan.opens) - most))


def _number_of_cores(books: Books) -> Iterator[Row]:
    least = books.instance.policies.min_cores_with_places
    if least is not None:
        having = sum(books.counted(books.last, g) >= 1 for g in books.instance.cores)
        yield Row((), Fraction(least - having))


def _near_enough(books: Books) -> Iterator[Row]:
    target = books.instance.targets.within
    if target is not None:
        for t, share in limited(books.instance, target.share):
            served = added(one.places for one in books.journeys[t])
            near = added(one.places for one in books.journeys[t] if one.minutes <= target.minutes)
            yield Row((t,), share * served - near, served)


CHECKS: tuple[tuple[str, str, Callable[[Books], Iterator[Row]]], ...] = (
    ("C1", "alt behov er dekket eller ført som udekket", _need_balance),
    ("C1", "udekket behov bare der det er tillatt", _unmet_allowed),
    ("C1", "plassen dekker behovet og kan nås", _allocation_admissible),
    ("C2", "ingen har plass der det ikke er plasser", _allocation_within_places),
    ("C2", "det fjernes ikke flere plasser enn det som står der", _removals_within_existing),
    ("C3", "prosjektenes størrelse", _project_sizes),
    ("C3", "hele trinn av tillatte plasstyper", _whole_steps),
    ("C4", "plasser blir ikke færre", _places_do_not_shrink),
    ("C5", "prosjekter som utelukker hverandre", _excludes),
    ("C6", "prosjekter som bygger på andre", _requires),
    ("C7", "åpningsår", _opening_years),
    ("C7", "påkrevde og forbudte prosjekter og eierformer", _required_and_forbidden),
    ("C8", "dekningsgraden", _coverage),
    ("C9", "dekningsgraden i kjernene", _core_coverage),
    ("C10", "årsverk", _staff),
    ("C11", "årets investeringsramme", _investment_per_year),
    ("C12", "samlet investeringsramme", _investment_in_all),
    ("C13", "driftsrammen", _operating),
    ("C14", "plasstyper som skal bestå", _kept_types),
    ("C15", "antall prosjekter", _number_of_projects),
    ("C15", "antall kjerner med plasser", _number_of_cores),
    ("C16", "andelen innenfor reisetidsmålet", _near_enough),
)


def run(code: str, claim: str, rows: Iterator[Row]) -> Check:
    """Count a claim's rows and find the one that is furthest off."""
    count, worst, where = 0, ZERO, None
    for row in rows:
        count += 1
        if row.excess > 0 and row.violation > worst:
            worst, where = row.violation, row.where
    passed = worst <= TOLERANCE
    return Check(
        code=code,
        claim=claim,
        passed=passed,
        rows=count,
        worst=float(worst),
        where=None if passed or where is None else ", ".join(str(part) for part in where),
    )
