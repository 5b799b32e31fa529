"""What projects require and exclude, and what policies demand of them, can hold together.

Sets of projects are bits of an integer, one bit per project: thousands of projects that require
each other in long chains are then joined in milliseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from operator import or_

from app.schemas.issues import pointer, shown
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

_MAX_CYCLES = 10
_MAX_NAMED = 10


@dataclass(frozen=True)
class _Links:
    """Per project: its bit, itself and all it `needs`, and all that these together `rules_out`."""

    bit: Mapping[str, int]
    needs: Mapping[str, int]
    rules_out: Mapping[str, int]

    def first(self, bits: int) -> str:
        """The first project of a set, as shown in a message."""
        return shown(list(self.bit)[(bits & -bits).bit_length() - 1])


def projects_do_not_name_themselves(scenario: Scenario) -> Iterator[Issue]:
    """No project requires or excludes itself."""
    for project_id, project in (scenario.projects or {}).items():
        for field in ("requires", "excludes"):
            names: list[str] = getattr(project, field) or []
            if project_id in names:
                yield Issue(
                    pointer("projects", project_id, field, names.index(project_id)),
                    "self_reference",
                    f"Prosjektet {shown(project_id)} viser til seg selv.",
                    "Fjern prosjektet fra sin egen liste.",
                )


def requirements_have_no_cycle(scenario: Scenario) -> Iterator[Issue]:
    """No project requires, through others, itself. Up to ten cycles without common projects."""
    requires = _requires(scenario)
    for _ in range(_MAX_CYCLES):
        cycle = _cycle(requires)
        if not cycle:
            return
        named = cycle if len(cycle) <= _MAX_NAMED else [*cycle[:_MAX_NAMED], "…"]
        chain = " krever ".join(map(shown, [*named, cycle[0]]))
        yield Issue(
            pointer("projects", cycle[0], "requires"),
            "requires_cycle",
            f"Prosjektene krever hverandre i ring: {chain}.",
            "Fjern ett av kravene.",
        )
        requires = {k: named for k, named in requires.items() if k not in cycle}


def requirements_are_compatible(scenario: Scenario) -> Iterator[Issue]:
    """No project requires, also through others, projects that exclude it or each other."""
    links = _links(scenario)
    clashing = {k for k, needed in links.needs.items() if needed & links.rules_out[k]}
    for project_id, required in _requires(scenario).items():
        if project_id in clashing and clashing.isdisjoint(required):
            clash = links.needs[project_id] & links.rules_out[project_id]
            yield Issue(
                pointer("projects", project_id, "requires"),
                "requires_excluded",
                f"{shown(project_id)} kan aldri åpnes: det som må åpnes sammen med det, utelukker "
                f"hverandre, blant annet {links.first(clash)}.",
                "Fjern et krav eller en utelukkelse.",
            )


def required_projects_are_allowed(scenario: Scenario) -> Iterator[Issue]:
    """No required project is forbidden or requires, also through others, a forbidden one."""
    links = _links(scenario)
    named = (scenario.policies.forbidden_projects if scenario.policies else None) or []
    forbidden = reduce(or_, (links.bit.get(k, 0) for k in named), 0)
    for index, project_id in _required(scenario, links):
        clash = links.needs[project_id] & forbidden
        if clash:
            yield Issue(
                pointer("policies", "required_projects", index),
                "required_forbidden",
                f"{shown(project_id)} er påkrevd, men {links.first(clash)} er forbudt.",
                f"Ta {shown(project_id)} ut av «required_projects», eller det forbudte ut av "
                "«forbidden_projects».",
            )


def required_projects_are_compatible(scenario: Scenario) -> Iterator[Issue]:
    """No two required projects exclude each other, also through what they require."""
    links = _links(scenario)
    needed = ruled_out = 0
    for index, project_id in _required(scenario, links):
        clash = links.needs[project_id] & ruled_out | links.rules_out[project_id] & needed
        if clash:
            yield Issue(
                pointer("policies", "required_projects", index),
                "required_excluded",
                f"{shown(project_id)} kan ikke åpnes sammen med de andre påkrevde: "
                f"utelukkelsen gjelder {links.first(clash)}.",
                "Ta ett av prosjektene ut av «required_projects», eller fjern utelukkelsen.",
            )
        needed |= links.needs[project_id]
        ruled_out |= links.rules_out[project_id]


def _requires(scenario: Scenario) -> dict[str, list[str]]:
    """What each project requires, without itself and without ids that do not exist."""
    projects = scenario.projects or {}
    return {
        project_id: [k for k in project.requires or [] if k in projects and k != project_id]
        for project_id, project in projects.items()
    }


def _cycle(requires: Mapping[str, Sequence[str]]) -> list[str]:
    """Projects of which each requires the next and the last the first; empty without a cycle."""
    try:
        TopologicalSorter(requires).prepare()
    except CycleError as error:
        backwards: list[str] = error.args[1]  # and its last is its first
        cycle = backwards[:0:-1]
        start = cycle.index(min(cycle))
        return cycle[start:] + cycle[:start]
    return []


def _links(scenario: Scenario) -> _Links:
    """Requirements and exclusions joined along `requires`; empty where these have a cycle."""
    requires = _requires(scenario)
    if _cycle(requires):
        return _Links({}, {}, {})
    bit = {project_id: 1 << index for index, project_id in enumerate(requires)}
    needs: dict[str, int] = {}
    rules_out = _excluded(scenario, bit)
    for project_id in TopologicalSorter(requires).static_order():
        required = requires[project_id]
        needs[project_id] = reduce(or_, (needs[k] for k in required), bit[project_id])
        rules_out[project_id] |= reduce(or_, (rules_out[k] for k in required), 0)
    return _Links(bit, needs, rules_out)


def _excluded(scenario: Scenario, bit: Mapping[str, int]) -> dict[str, int]:
    """What each project excludes or is excluded by."""
    excluded = dict.fromkeys(bit, 0)
    for project_id, project in (scenario.projects or {}).items():
        for other in project.excludes or []:
            if other in bit and other != project_id:
                excluded[project_id] |= bit[other]
                excluded[other] |= bit[project_id]
    return excluded


def _required(scenario: Scenario, links: _Links) -> Iterator[tuple[int, str]]:
    """Index and id of the required projects that exist."""
    named = (scenario.policies.required_projects if scenario.policies else None) or []
    return ((index, k) for index, k in enumerate(named) if k in links.needs)
