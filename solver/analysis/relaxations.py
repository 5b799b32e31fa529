"""How far a plan goes beyond each rule, recomputed exactly from the scenario's data.

Amounts are what the plan needs. What the rule is given is rounded, always in the plan's favour, to
what a document can say: six decimals of FTE and shares, whole øre.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf

from solver.analysis.prices import Prices
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.repair import Relaxation
from solver.domain.rules import RuleName
from solver.verify import checks
from solver.verify.books import Books

DECIMALS = 6
TOLD_DECIMALS = 9  # of an amount: below are binary fractions of decimal numbers
ORE = 2  # decimals of a krone
# Binary fractions of decimal numbers add up to a little more than the decimal sum: not broken.
NOISE = Fraction(1, 10**12)
# Of what HiGHS allocates, as in `verify`.
ALLOCATED_NOISE = Fraction(1, 10**6)

Found = tuple[tuple[str, ...], int | None, Fraction, Fraction | None, Fraction | None]
"""What it is about, year, amount, what was asked, what is given."""
_Reading = Callable[[Books], Iterator[Found]]


def relaxations(instance: SitingInstance, plan: Plan, prices: Prices) -> tuple[Relaxation, ...]:
    """Every relaxation that a plan needs, by rule, what it is about and year.

    Of `plan.unmet` only the sums of each year are read.
    """
    books = Books(instance, plan)
    return tuple(
        Relaxation(rule, about, year, amount, float(amount) * prices.of(rule, about), asked, given)
        for rule in RuleName
        for about, year, amount, asked, given in sorted(_READING[rule](books), key=_place)
    )


def _place(found: Found) -> tuple[tuple[str, ...], float]:
    about, year, *_ = found
    return about, -inf if year is None else year


def _unmet(books: Books) -> Iterator[Found]:
    if books.instance.objective.unmet_place_year_nok is not None:
        return
    for t in books.instance.years:
        missing = sum(books.unmet(t).values(), Fraction(0))
        need = float(books.instance.need[:, :, t - books.first].sum())
        if missing > ALLOCATED_NOISE * max(Fraction(1), Fraction(need)):
            yield (), t, _told(missing), Fraction(0), None


def _links(rows: Callable[[Books], Iterator[checks.Row]], *, either: bool) -> _Reading:
    """Pairs of projects; with `either` their order says nothing."""

    def read(books: Books) -> Iterator[Found]:
        broken = [tuple(map(str, row.where)) for row in rows(books) if row.excess > 0]
        for pair in {tuple(sorted(pair)) if either else pair for pair in broken}:
            yield pair, None, Fraction(1), None, None

    return read


def _opening_years(books: Books) -> Iterator[Found]:
    for k, opens in books.plan.opens.items():
        project = books.instance.projects[k]
        bound = project.earliest if opens < project.earliest else project.latest
        if bound is not None and not project.earliest <= opens <= bound:
            yield (k,), None, Fraction(abs(opens - bound)), Fraction(bound), Fraction(opens)


def _required(books: Books) -> Iterator[Found]:
    for k in books.instance.policies.required_projects:
        if k not in books.plan.opens:
            yield (k,), None, Fraction(1), None, None


def _forbidden(books: Books) -> Iterator[Found]:
    for k in books.instance.policies.forbidden_projects:
        if k in books.plan.opens:
            yield (k,), None, Fraction(1), None, None


def _ownership(books: Books) -> Iterator[Found]:
    allowed = books.instance.policies.allowed_ownership
    owners = {books.instance.projects[k].ownership for k in books.plan.opens}
    for owner in owners - allowed if allowed is not None else ():
        yield (owner.value,), None, Fraction(1), None, None


@dataclass(frozen=True)
class _AtLeast:
    """Rows about places that are too few; each row's scale is what is asked for."""

    rows: Callable[[Books], Iterator[checks.Row]]

    def __call__(self, books: Books) -> Iterator[Found]:
        for row in self.rows(books):
            if row.excess > 0:
                asked = Fraction(row.scale)
                yield *_about(row), row.excess, asked, asked - row.excess


@dataclass(frozen=True)
class _AtMost:
    """Rows about FTE or kroner that are too many; each row's scale is the limit."""

    rows: Callable[[Books], Iterator[checks.Row]]
    decimals: int

    def __call__(self, books: Books) -> Iterator[Found]:
        for row in self.rows(books):
            limit = Fraction(row.scale)
            if row.excess > NOISE * max(Fraction(1), limit):
                given = rounded_up(limit + row.excess, self.decimals)
                yield *_about(row), _told(row.excess), limit, given


def _about(row: checks.Row) -> tuple[tuple[str, ...], int | None]:
    """The ids of a row, and its year where it has one."""
    ids = tuple(part for part in row.where if isinstance(part, str))
    years = [part for part in row.where if isinstance(part, int)]
    return ids, years[0] if years else None


def _projects(books: Books) -> Iterator[Found]:
    for row in checks.project_number_rows(books):
        if row.excess > 0:
            opened = Fraction(len(books.plan.opens))
            yield (), None, row.excess, opened - row.excess, opened


def _cores(books: Books) -> Iterator[Found]:
    for row in checks.core_number_rows(books):
        if row.excess > 0:
            asked = Fraction(books.instance.policies.min_cores_with_places or 0)
            yield (), None, row.excess, asked, asked - row.excess


def _within(books: Books) -> Iterator[Found]:
    target = books.instance.targets.within
    if target is None or books.instance.objective.unmet_place_year_nok is not None:
        return
    shares = dict(zip(books.instance.years, target.share, strict=True))
    for row in checks.nearness_rows(books):
        (_, year), served = _about(row), Fraction(row.scale)
        share = shares[year] if year is not None else None
        if share is not None and row.violation > ALLOCATED_NOISE:
            given = -rounded_up(row.excess / served - share, DECIMALS)
            yield (), year, _told(row.excess), share, max(given, Fraction(0))


def _told(amount: Fraction) -> Fraction:
    return round(amount, TOLD_DECIMALS)


def rounded_up(number: Fraction, decimals: int) -> Fraction:
    """The least decimal number with so many decimals that is no less, but for binary noise."""
    scale = 10**decimals
    return Fraction(ceil((number - NOISE * max(Fraction(1), abs(number))) * scale), scale)


_READING: dict[RuleName, _Reading] = {
    RuleName.NEED_MET: _unmet,
    RuleName.EXCLUSIONS: _links(checks.excludes_rows, either=True),
    RuleName.REQUIREMENTS: _links(checks.requires_rows, either=False),
    RuleName.OPENING_YEARS: _opening_years,
    RuleName.REQUIRED_PROJECTS: _required,
    RuleName.FORBIDDEN_PROJECTS: _forbidden,
    RuleName.ALLOWED_OWNERSHIP: _ownership,
    RuleName.COVERAGE: _AtLeast(checks.coverage_rows),
    RuleName.CORE_COVERAGE: _AtLeast(checks.core_coverage_rows),
    RuleName.STAFF: _AtMost(checks.staff_rows, DECIMALS),
    RuleName.INVESTMENT_YEAR: _AtMost(checks.year_investment_rows, ORE),
    RuleName.INVESTMENT_TOTAL: _AtMost(checks.total_investment_rows, ORE),
    RuleName.OPERATING: _AtMost(checks.operating_rows, ORE),
    RuleName.KEEP_PLACES: _AtLeast(checks.kept_type_rows),
    RuleName.MAX_PROJECTS: _projects,
    RuleName.MIN_CORES: _cores,
    RuleName.WITHIN: _within,
}
