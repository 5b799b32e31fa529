"""Which scenarios are a location problem and which are more, and some worked by hand."""

from typing import Any

import pytest

from solver import SolveOptions, solve
from solver.domain.errors import StrategyNotApplicable
from solver.domain.result import Outcome, SolveResult, Strategy, Termination
from solver.engine.location.problem import recognise
from tests.siting import Y1, Y2, Document, care_type, district, instance_of, project, scenario, site

LOCATION = SolveOptions(mip_gap=0, strategy=Strategy.LOCATION)
STAFFED = care_type(fte_per_place={"all": 1})


def town(**parts: Any) -> Document:
    """Six are in need: k at 10 serves them for 8 + 4, l at 4 for 2 + 16, both for 2 + 4 NOK.

    k alone costs 22, l alone 22 and both 20.
    """
    return scenario(
        **{
            "districts": {
                "a": district(2, population={"80+": 20}, core="g"),
                "b": district(4, population={"80+": 20}, core="h"),
            },
            "cores": {"g": {}, "h": {}},
            "sites": {"s": {"core": "g"}, "u": {"core": "h"}},
            "projects": both(),
            "minutes": {"s": {"a": 4, "b": 1}, "u": {"a": 1, "b": 4}},
            **parts,
        }
    )


def both(**more: Any) -> Document:
    """The town's projects, the first with something more."""
    return {
        "k": project("s", 6, investment_nok=10, **more),
        "l": project("u", 6, investment_nok=4),
    }


def located(document: Document) -> SolveResult:
    result = solve(instance_of(document), LOCATION)
    assert result.statistics.strategy is Strategy.LOCATION
    if result.plan is not None:
        assert result.termination is Termination.GAP_REACHED
        assert result.verification is not None
        assert result.verification.passed
    return result


MORE_THAN_LOCATION = {
    "a cost per place": town(projects=both(investment_per_place_nok=1)),
    "an operating cost of places": town(care_types={"p": care_type(operating_cost_nok=1)}),
    "staff": town(care_types={"p": STAFFED}, staffing={"available_fte": {"all": 9}}),
    "staff without need of it": town(staffing={"available_fte": {"all": 9}}),
    "an investment budget of the year": town(budget={"investment_nok": 12}),
    "an investment budget in all": town(budget={"investment_total_nok": 12}),
    "an operating budget": town(budget={"operating_nok": 12}),
    "a coverage target": town(targets={"coverage": {"ratio": 0.1, "population": "80+"}}),
    "a core's coverage target": town(
        targets={"core_coverage": {"ratio": {"g": 0.1}, "population": "80+"}}
    ),
    "a nearness target": town(targets={"within": {"minutes": 3, "share": 0.5}}),
    "cores with places": town(policies={"min_cores_with_places": 1}),
    "places that are removed": town(
        sites={"s": site(2, core="g"), "u": {"core": "h"}}, projects=both(removes={"p": 1})
    ),
    "projects that exclude each other": town(projects=both(excludes=["l"])),
    "a project that another requires": town(projects=both(requires=["l"])),
    "several years": town(last=Y2),
    "care types that share a project's places": town(
        care_types={"p": care_type(), "q": care_type("n")}, projects=both(care_types=["p", "q"])
    ),
    "a required project that may not open": town(
        policies={"required_projects": ["k"], "allowed_ownership": ["private"]}
    ),
    "more required projects than may open": town(
        policies={"required_projects": ["k", "l"], "max_projects": 1}
    ),
    "no project that may open": town(policies={"forbidden_projects": ["k", "l"]}),
}


@pytest.mark.parametrize("document", MORE_THAN_LOCATION.values(), ids=MORE_THAN_LOCATION)
def test_more_than_location(document):
    instance = instance_of(document)
    assert recognise(instance) is None
    assert solve(instance).statistics.strategy is not Strategy.LOCATION
    with pytest.raises(StrategyNotApplicable):
        solve(instance, LOCATION)


STANDING = {"s": site(2, core="g"), "u": {"core": "h"}}
LOCATIONS = {
    "the town": (town(), 20),
    "at most one": (town(policies={"max_projects": 1}), 22),
    "none": (town(policies={"max_projects": 0}, unmet_nok=5), 30),
    "places that are kept": (town(policies={"keep_places": ["p"]}), 20),
    "unmet need at 5": (town(unmet_nok=5), 20),
    "unmet need at 2": (town(unmet_nok=2), 12),
    "a limit of 3 minutes": (town(travel={"limit_minutes": 3}), 20),
    "a limit of 3 minutes, unmet need at 2.25": (
        town(travel={"limit_minutes": 3}, unmet_nok=2.25),
        13.5,
    ),
    "a required project": (town(policies={"required_projects": ["k"]}, unmet_nok=0), 10),
    "a forbidden project": (town(policies={"forbidden_projects": ["k"]}), 22),
    "an owner that is not allowed": (
        town(projects=both(ownership="private"), policies={"allowed_ownership": ["municipal"]}),
        22,
    ),
    "a project for later": (town(projects=both(opens={"earliest": Y2})), 22),
    "a project that came too late": (town(projects=both(opens={"latest": Y1 - 1})), 22),
    "an exclusion that cannot happen": (
        town(projects=both(excludes=["l"]), policies={"forbidden_projects": ["l"]}),
        22,
    ),
    "a budget that says nothing": (town(budget={"investment_nok": None}), 20),
    "a target of later years": (
        town(targets={"coverage": {"ratio": {str(Y2): 0.9}, "population": "80+"}}),
        20,
    ),
    "a fixed operating cost": (town(projects=both(operating_cost_nok=3)), 22),
    "an operating cost of what stands": (
        # Of l's 18 two in b are spared 3 minutes each; the places that stand cost 14.
        town(
            sites={"s": {"places": {"q": 2}, "core": "g"}, "u": {"core": "h"}},
            care_types={"p": care_type(), "q": care_type("n", operating_cost_nok=7)},
        ),
        14 + 4 + 2 + 2 + 2 * 4,
    ),
    "an operating cost of what stands, at half weight": (
        town(
            sites={"s": {"places": {"q": 2}, "core": "g"}, "u": {"core": "h"}},
            care_types={"p": care_type(), "q": care_type("n", operating_cost_nok=7)},
            objective={"weights": {"cost": 0.5, "travel": 1}},
        ),
        7 + 7 + 2 + 4,
    ),
    "two that stand at the project's site": (town(sites=STANDING), 4 + 2 + 2 + 2 * 4),
    "room for all at the project's site": (town(sites={"s": site(6), "u": {}}), 10),
    "sizes that bind": (
        town(projects={"k": project("s", 3, investment_nok=10), "l": project("u", 4)}),
        10 + 2 + 3 + 4,
    ),
    "sizes that do not reach": (
        town(projects={"k": project("s", 3), "l": project("u", 2)}, unmet_nok=9),
        3 + 2 + 9,
    ),
    "sizes in whole steps": (
        town(projects={"k": project("s", 5, step=3), "l": project("u", 6, investment_nok=4)}),
        4 + 2 + 3 + 4,
    ),
    "half places": (town(districts={"a": district(0.5), "b": district(4)}), 10 + 0.5 * 4 + 4),
    "a discount": (town(objective={"discount_rate": 0.25}), 4 * 1.25 + 2 + 16),
    "weights": (town(objective={"weights": {"cost": 0.5, "travel": 2}}), 7 + 12),
    "two projects at one site": (
        town(projects={**both(), "m": project("s", 2, investment_nok=1)}),
        4 + 1 + 2 + 2 + 2 * 4,
    ),
    "nobody in need": (town(districts={"a": district(0), "b": district(0)}), 0),
}


@pytest.mark.parametrize(("document", "optimum"), LOCATIONS.values(), ids=LOCATIONS)
def test_location_worked_by_hand(document, optimum):
    assert recognise(instance_of(document)) is not None
    assert located(document).objective_nok == pytest.approx(optimum, abs=1e-9)
    plain = solve(instance_of(document), SolveOptions(mip_gap=0, strategy=Strategy.PLAIN))
    assert plain.objective_nok == pytest.approx(optimum, abs=1e-6)


IMPOSSIBLE = {
    "nobody reaches b": town(minutes={"s": {"a": 1}, "u": {"a": 1}}),
    "too few places": town(projects={"k": project("s", 3), "l": project("u", 2)}),
    "too few may open": town(
        projects={"k": project("s", 3), "l": project("u", 4)}, policies={"max_projects": 1}
    ),
    "one may open, and each reaches one": town(
        travel={"limit_minutes": 3}, policies={"max_projects": 1}
    ),
    "room for all, but not near": town(
        projects={"k": project("s", 3), "l": project("u", 6)}, travel={"limit_minutes": 3}
    ),
}


@pytest.mark.parametrize("document", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_infeasible_with_its_conflict(document):
    result = located(document)
    assert result.outcome is Outcome.INFEASIBLE
    assert result.conflict is not None
    assert result.conflict.rules


def test_a_project_of_two_care_types_serves_both_needs():
    """k serves n and m with its own places of each: 10 + 2 × 4 + 4 × 1 + 3 × 4."""
    document = town(
        care_types={"p": care_type("n"), "q": care_type("m")},
        projects={"k": project("s", 20, step=4, care_types=["p", "q"], investment_nok=10)},
        districts={"a": {"need": {"n": 2, "m": 3}}, "b": district(4)},
    )
    result = located(document)
    assert result.objective_nok == pytest.approx(34)
    assert result.plan is not None
    assert result.plan.places == {("k", "p", Y1): 8, ("k", "q", Y1): 4}


def test_a_project_has_its_least_number_of_places():
    document = town(projects={"k": project("s", 30, least=9, step=3)})
    result = located(document)
    assert result.plan is not None
    assert result.plan.places == {("k", "p", Y1): 9}


@pytest.mark.parametrize("investment_nok", [3, 3.5])
@pytest.mark.parametrize("minutes", [1, 1.5])
@pytest.mark.parametrize("need", [1, 0.5])
@pytest.mark.parametrize("unmet_nok", [None, 4, 4.25])
def test_a_whole_bound_is_only_for_whole_costs(investment_nok, minutes, need, unmet_nok):
    document = fraction(investment_nok, minutes, need, unmet_nok)
    plain = solve(instance_of(document), SolveOptions(mip_gap=0, strategy=Strategy.PLAIN))
    result = located(document)
    assert result.objective_nok == pytest.approx(plain.objective_nok, abs=1e-9)
    assert result.dual_bound_nok == pytest.approx(plain.objective_nok, abs=1e-6)


def fraction(investment_nok: float, minutes: float, need: float, unmet_nok: Any) -> Document:
    """Three districts in a ring of sites that each reach two: no relaxation is tight."""
    names = ["0", "1", "2"]
    return scenario(
        districts={i: district(need) for i in names},
        sites={j: {} for j in names},
        projects={f"k{j}": project(j, 9, investment_nok=investment_nok) for j in names},
        minutes={j: {i: minutes for i in names if i != j} for j in names},
        unmet_nok=unmet_nok,
    )
