"""Scenarios with one rule moved or taken away: pure functions from instance to instance.

Each move says whether it relaxes or tightens, so that what is proven of one problem tells of the
other. A rule the instance does not have gives no move, nor does one that nothing is left of to
move (a target of 100 % cannot be raised).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from solver.analysis.difference import Direction
from solver.domain.instance import Limits, Ownership, PerYear, Policies, SitingInstance, Targets

ONE_POINT = Fraction(1, 100)  # of coverage ratio
FIVE_PER_CENT = Fraction(1, 20)  # of staff


class Change(StrEnum):
    """What is done to a rule."""

    UP = "up"
    DOWN = "down"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Move:
    """One rule moved, and the instance it leads to.

    `rule` is a name in `RULES`, `code` that of its constraint. `subject` is whom the move is about
    where the rule has several: an ownership, project, core, staff group or care type.
    """

    rule: str
    code: str
    change: Change
    subject: str | None
    direction: Direction
    instance: SitingInstance

    @property
    def id(self) -> str:
        """The same for the same move of the same scenario: «staff.up.all»."""
        return ".".join([self.rule, self.change, *([self.subject] if self.subject else [])])


def moves(instance: SitingInstance, rules: tuple[str, ...] | None = None) -> Iterator[Move]:
    """Every move of some rules, of all when None, in the order of `RULES`.

    Raises ValueError for a rule that is none.
    """
    for rule in RULES if rules is None else sorted(set(rules), key=list(RULES).index):
        yield from RULES[rule](instance)


def shifted(series: PerYear, by: Fraction) -> PerYear:
    """Shares moved by so much."""
    return tuple(None if share is None else kept_a_share(share + by) for share in series)


def kept_a_share(number: Fraction) -> Fraction:
    """The nearest number from 0 to 1."""
    return min(max(number, Fraction(0)), Fraction(1))


def scaled(series: PerYear, by: Fraction) -> PerYear:
    """A series times a factor."""
    return tuple(None if value is None else value * by for value in series)


def _coverage(instance: SitingInstance) -> Iterator[Move]:
    """C8: a point up, a point down, and without the target."""
    target = instance.targets.coverage
    if target is None or not _says_something(target.ratio):
        return
    for change, ratio, direction in (
        (Change.UP, shifted(target.ratio, ONE_POINT), Direction.TIGHTENS),
        (Change.DOWN, shifted(target.ratio, -ONE_POINT), Direction.RELAXES),
        (Change.DROPPED, _none(target.ratio), Direction.RELAXES),
    ):
        if ratio != target.ratio:
            moved = _targets(instance, coverage=replace(target, ratio=ratio))
            yield Move("coverage", "C8", change, None, direction, moved)


def _core_coverage(instance: SitingInstance) -> Iterator[Move]:
    """C9: without the target of each core, and of all when there are several."""
    targets = instance.targets.core_coverage
    if len(targets) > 1:
        yield _dropped("core_coverage", "C9", None, _targets(instance, core_coverage={}))
    for core in targets:
        rest = {g: target for g, target in targets.items() if g != core}
        yield _dropped("core_coverage", "C9", core, _targets(instance, core_coverage=rest))


def _within(instance: SitingInstance) -> Iterator[Move]:
    """C16: without the share within so many minutes."""
    if instance.targets.within is not None:
        yield _dropped("within", "C16", None, _targets(instance, within=None))


def _staff(instance: SitingInstance) -> Iterator[Move]:
    """C10: five per cent more and fewer of each group."""
    available = instance.limits.available_fte
    for group, series in available.items():
        if not _says_something(series):
            continue
        for change, factor, direction in (
            (Change.UP, 1 + FIVE_PER_CENT, Direction.RELAXES),
            (Change.DOWN, 1 - FIVE_PER_CENT, Direction.TIGHTENS),
        ):
            fte = {**available, group: scaled(series, factor)}
            moved = _limits(instance, available_fte=fte)
            yield Move("staff", "C10", change, group, direction, moved)


def _investment(instance: SitingInstance) -> Iterator[Move]:
    """C11: without ceilings of single years."""
    series = instance.limits.investment_nok
    if _says_something(series):
        moved = _limits(instance, investment_nok=_none(series))
        yield _dropped("investment_year", "C11", None, moved)


def _investment_total(instance: SitingInstance) -> Iterator[Move]:
    """C12: without the ceiling of the whole period."""
    if instance.limits.investment_total_nok is not None:
        moved = _limits(instance, investment_total_nok=None)
        yield _dropped("investment_total", "C12", None, moved)


def _operating(instance: SitingInstance) -> Iterator[Move]:
    """C13: without ceilings of operating cost."""
    series = instance.limits.operating_nok
    if _says_something(series):
        moved = _limits(instance, operating_nok=_none(series))
        yield _dropped("operating", "C13", None, moved)


def _travel_limit(instance: SitingInstance) -> Iterator[Move]:
    """The longest journey: without the limit.

    Not where inequality is weighed: there a place missing counts as the longest journey, so that
    the limit is a part of the objective, and how long a journey may be is bounded by the weights.
    """
    goal = instance.objective
    weighed = bool(goal.worst_off_weight or goal.kolm_pollak_weight)
    if instance.travel.limit_minutes is not None and not weighed:
        moved = replace(instance, travel=replace(instance.travel, limit_minutes=None))
        yield _dropped("travel_limit", "C1", None, moved)


def _ownership(instance: SitingInstance) -> Iterator[Move]:
    """C7: each ownership allowed that is not, and that some project has."""
    allowed = instance.policies.allowed_ownership
    if allowed is None:
        return
    owners = {project.ownership for project in instance.projects.values()}
    for owner in Ownership:
        if owner in owners - allowed:
            moved = _policies(instance, allowed_ownership=allowed | {owner})
            yield _dropped("allowed_ownership", "C7", owner.value, moved)


def _required_projects(instance: SitingInstance) -> Iterator[Move]:
    """C7: each required project no longer required."""
    required = instance.policies.required_projects
    for k in required:
        moved = _policies(instance, required_projects=without(required, k))
        yield _dropped("required_projects", "C7", k, moved)


def _forbidden_projects(instance: SitingInstance) -> Iterator[Move]:
    """C7: each forbidden project no longer forbidden."""
    forbidden = instance.policies.forbidden_projects
    for k in forbidden:
        moved = _policies(instance, forbidden_projects=without(forbidden, k))
        yield _dropped("forbidden_projects", "C7", k, moved)


def _max_projects(instance: SitingInstance) -> Iterator[Move]:
    """C15: one project more, and as many as one likes."""
    most = instance.policies.max_projects
    if most is None:
        return
    more = _policies(instance, max_projects=most + 1)
    yield Move("max_projects", "C15", Change.UP, None, Direction.RELAXES, more)
    yield _dropped("max_projects", "C15", None, _policies(instance, max_projects=None))


def _min_cores(instance: SitingInstance) -> Iterator[Move]:
    """C15: one core with places fewer, and none at all when that is another thing."""
    least = instance.policies.min_cores_with_places
    if not least:
        return
    if least > 1:
        fewer = _policies(instance, min_cores_with_places=least - 1)
        yield Move("min_cores", "C15", Change.DOWN, None, Direction.RELAXES, fewer)
    yield _dropped("min_cores", "C15", None, _policies(instance, min_cores_with_places=None))


def _keep_places(instance: SitingInstance) -> Iterator[Move]:
    """C14: each kept care type no longer kept."""
    kept = instance.policies.keep_places
    for p in kept:
        yield _dropped("keep_places", "C14", p, _policies(instance, keep_places=without(kept, p)))


RULES: Mapping[str, Callable[[SitingInstance], Iterator[Move]]] = {
    "coverage": _coverage,
    "core_coverage": _core_coverage,
    "within": _within,
    "staff": _staff,
    "investment_year": _investment,
    "investment_total": _investment_total,
    "operating": _operating,
    "travel_limit": _travel_limit,
    "allowed_ownership": _ownership,
    "required_projects": _required_projects,
    "forbidden_projects": _forbidden_projects,
    "max_projects": _max_projects,
    "min_cores": _min_cores,
    "keep_places": _keep_places,
}
"""What may be moved, by the name a planner asks for."""


def without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The names but one."""
    return tuple(other for other in names if other != name)


def _dropped(rule: str, code: str, subject: str | None, moved: SitingInstance) -> Move:
    return Move(rule, code, Change.DROPPED, subject, Direction.RELAXES, moved)


def _says_something(series: PerYear) -> bool:
    return any(value is not None for value in series)


def _none(series: PerYear) -> PerYear:
    return (None,) * len(series)


def _targets(instance: SitingInstance, **changes: object) -> SitingInstance:
    targets: Targets = replace(instance.targets, **changes)  # type: ignore[arg-type]
    return replace(instance, targets=targets)


def _limits(instance: SitingInstance, **changes: object) -> SitingInstance:
    limits: Limits = replace(instance.limits, **changes)  # type: ignore[arg-type]
    return replace(instance, limits=limits)


def _policies(instance: SitingInstance, **changes: object) -> SitingInstance:
    policies: Policies = replace(instance.policies, **changes)  # type: ignore[arg-type]
    return replace(instance, policies=policies)
