"""Which families of constraints cannot hold together."""

import pytest

from solver import SolveOptions, solve
from solver.domain.result import Conflict, Outcome
from solver.engine.conflict import find_conflict
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.formulation import FAMILIES, build
from tests.random_scenarios import random_scenario
from tests.siting import Y2, Document, care_type, district, instance_of, project, scenario, site


def town(**parts) -> Document:
    """Ten inhabitants; three places at s, room for two more at u; every place takes an FTE."""
    return scenario(
        **{
            "care_types": {"p": care_type(operating_cost_nok=1, fte_per_place={"all": 1})},
            "cores": {"g": {}, "h": {}},
            "districts": {"a": district(0, population={"80+": 10}, core="g")},
            "sites": {"s": site(3, core="g"), "u": {"core": "h"}},
            "projects": {"k": project("u", 2, investment_nok=10, ownership="private")},
            "minutes": {"s": {"a": 1}, "u": {"a": 9}},
            **parts,
        }
    )


def coverage(ratio: float) -> Document:
    return {"coverage": {"ratio": ratio, "population": "80+"}}


NEEDS_FOUR = {"a": district(4, population={"80+": 10}, core="g")}

IMPOSSIBLE = [
    (["C1"], town(districts={"a": district(6)})),
    (["C1"], town(districts={"a": district(1)}, travel={"limit_minutes": 0.5})),
    (["C1", "C7"], town(districts=NEEDS_FOUR, policies={"forbidden_projects": ["k"]})),
    (["C1", "C7"], town(districts=NEEDS_FOUR, policies={"allowed_ownership": ["municipal"]})),
    (["C1", "C12"], town(districts=NEEDS_FOUR, budget={"investment_total_nok": 9})),
    (["C1", "C13"], town(districts=NEEDS_FOUR, budget={"operating_nok": 3})),
    (
        ["C1", "C16"],
        town(districts=NEEDS_FOUR, targets={"within": {"minutes": 5, "share": 0.9}}),
    ),
    (["C8"], town(targets=coverage(0.6))),
    (["C8", "C10"], town(targets=coverage(0.5), staffing={"available_fte": {"all": 3.5}})),
    (["C8", "C11"], town(targets=coverage(0.5), budget={"investment_nok": 9})),
    (["C8", "C15"], town(targets=coverage(0.5), policies={"max_projects": 0})),
    (["C10"], town(staffing={"available_fte": {"all": 2}})),
    (["C11", "C15"], town(budget={"investment_nok": 9}, policies={"min_cores_with_places": 2})),
    (["C7", "C15"], town(policies={"required_projects": ["k"], "max_projects": 0})),
    (
        ["C7", "C14"],
        town(
            projects={"k": project("s", 2, removes={"p": 3}, care_types=["q"])},
            care_types={"p": care_type(), "q": care_type()},
            policies={"required_projects": ["k"], "keep_places": ["p"]},
        ),
    ),
    (
        ["C9", "C12"],
        town(
            districts={"a": district(0, population={"80+": 10}, core="h")},
            targets={"core_coverage": {"ratio": {"h": 0.1}, "population": "80+"}},
            budget={"investment_total_nok": 0},
        ),
    ),
    (
        ["C1", "C6", "C7"],
        town(
            districts=NEEDS_FOUR,
            projects={"k": project("u", 2, requires=["l"]), "l": project("u", 1)},
            policies={"forbidden_projects": ["l"]},
        )
        | {"sites": {"s": site(2), "u": {}}},
    ),
    (
        ["C1", "C5"],
        town(
            districts={"a": district(4)},
            projects={"k": project("s", 1, excludes=["l"]), "l": project("u", 1)},
            sites={"s": site(2), "u": {}},
        ),
    ),
]


def is_infeasible(document: Document, codes: list[str]) -> bool:
    """Whether the physical families and these alone leave no plan."""
    model = build(instance_of(document))
    for family in FAMILIES:
        if not family.physical and family.code not in codes:
            for rows in family.components(model):
                rows.deactivate()
    model.objective.set_value(0)
    try:
        return run_highs(hand_over(model), HighsOptions(60, presolve=False)).stop is Stop.INFEASIBLE
    except TriviallyInfeasible:
        return True


def assert_irreducible(document: Document, conflict: Conflict) -> None:
    codes = [rule.code for rule in conflict.rules]
    assert conflict.irreducible
    assert is_infeasible(document, codes)
    for code in codes:
        assert not is_infeasible(document, [other for other in codes if other != code])


@pytest.mark.parametrize(
    ("codes", "document"), IMPOSSIBLE, ids=["+".join(codes) for codes, _ in IMPOSSIBLE]
)
def test_conflict_names_the_families_that_clash(codes, document):
    result = solve(instance_of(document))
    assert result.outcome is Outcome.INFEASIBLE
    assert result.conflict is not None
    assert [rule.code for rule in result.conflict.rules] == codes
    titles = {family.code: family.title for family in FAMILIES}
    assert all(rule.text == titles[rule.code] for rule in result.conflict.rules)
    assert_irreducible(document, result.conflict)


def test_conflicts_of_random_scenarios_are_irreducible():
    found = 0
    for seed in range(60):
        document = random_scenario(seed)
        result = solve(instance_of(document), SolveOptions(mip_gap=1))
        if result.conflict is not None:
            assert_irreducible(document, result.conflict)
            found += 1
    assert found >= 15


def test_conflict_without_time_names_every_family_and_claims_nothing():
    document = town(targets=coverage(0.6), policies={"max_projects": 3})
    conflict = find_conflict(instance_of(document), seconds=0)
    assert [rule.code for rule in conflict.rules] == ["C8", "C15"]
    assert not conflict.irreducible


def test_need_in_one_year_only_is_enough_to_be_impossible():
    document = scenario(Y2, districts={"a": district({"2026": 0, "2027": 1})}, sites={"s": {}})
    result = solve(instance_of(document))
    assert result.conflict is not None
    assert [rule.code for rule in result.conflict.rules] == ["C1"]
    assert result.conflict.irreducible
