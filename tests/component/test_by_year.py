"""Years solved apart, where no project can open, give what the whole program gives."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest

from solver import SolveOptions, Watcher, solve
from solver.domain.errors import StrategyNotApplicable
from solver.domain.result import Outcome, Progress, SolveResult, Strategy, Termination
from solver.engine.by_year import separable
from tests.random_scenarios import random_scenario
from tests.siting import (
    Y1,
    Y2,
    Y3,
    Document,
    care_type,
    district,
    instance_of,
    project,
    scenario,
    site,
)

EXACT = SolveOptions(mip_gap=1e-7)
PLAIN = replace(EXACT, strategy=Strategy.PLAIN)
BY_YEAR = replace(EXACT, strategy=Strategy.BY_YEAR)


def forbidden(document: Document) -> None:
    policies = document["policies"]
    policies["forbidden_projects"], policies["required_projects"] = list(document["projects"]), []


def removed(document: Document) -> None:
    policies = document["policies"]
    document["projects"] = {}
    policies["forbidden_projects"] = policies["required_projects"] = []


def too_late(document: Document) -> None:
    document["policies"]["required_projects"] = []
    for one in document["projects"].values():
        one["opens"] = {"latest": Y1 - 1}


def wrong_owner(document: Document) -> None:
    document["policies"].update(required_projects=[], allowed_ownership=["private"])
    for one in document["projects"].values():
        one["ownership"] = "municipal"


def documents(ruled_out: Callable[[Document], None], number: int) -> list[Document]:
    """The first random scenarios of several years whose kept places do not fall."""

    def drawn(seed: int) -> Document:
        document = random_scenario(seed)
        ruled_out(document)
        return document

    every = map(drawn, range(1000))
    return list(islice((one for one in every if separable(instance_of(one))), number))


def assert_same(result: SolveResult, plain: SolveResult) -> None:
    assert result.outcome == plain.outcome
    if plain.objective_nok is None:
        assert result.plan is None
        assert result.dual_bound_nok is None
        return
    assert result.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)
    assert result.dual_bound_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)
    assert result.verification is not None
    assert result.verification.passed


@pytest.mark.parametrize("document", documents(forbidden, 60) + documents(removed, 20))
def test_same_as_the_whole_program(document):
    instance = instance_of(document)
    assert_same(solve(instance, BY_YEAR), solve(instance, PLAIN))


@pytest.mark.parametrize("document", documents(too_late, 5) + documents(wrong_owner, 5))
def test_chosen_by_itself(document):
    result = solve(instance_of(document), EXACT)
    assert result.statistics.strategy is Strategy.BY_YEAR
    assert result.statistics.strategy_reason == (
        "ingen prosjekter kan åpne, så hvert år står for seg"
    )
    assert_same(result, solve(instance_of(document), PLAIN))


def test_scenarios_show_both_plans_and_infeasibility():
    outcomes = {solve(instance_of(one), EXACT).outcome for one in documents(forbidden, 20)}
    assert outcomes == {Outcome.OPTIMAL, Outcome.INFEASIBLE}


def town(last: int = Y3, **parts) -> Document:
    """Two of three are served at a minute each, then three of four and all of four: 62 + 63 + 4."""
    return scenario(
        last,
        **{
            "districts": {"a": district({str(Y1): 3, str(Y2): 4, str(Y3): 4})},
            "sites": {"s": site({str(Y1): 2, str(Y2): 3, str(Y3): 4})},
            "minutes": {"s": {"a": 1}},
            "unmet_nok": 60,
            **parts,
        },
    )


def test_worked_by_hand():
    result = solve(instance_of(town()), BY_YEAR)
    assert result.objective_nok == pytest.approx(62 + 63 + 4)
    assert result.dual_bound_nok == pytest.approx(62 + 63 + 4)
    assert result.termination is Termination.GAP_REACHED


def test_years_are_discounted_to_the_first():
    result = solve(instance_of(town(objective={"discount_rate": 0.25})), BY_YEAR)
    assert result.objective_nok == pytest.approx(62 + 63 / 1.25 + 4 / 1.25**2)
    assert result.dual_bound_nok == pytest.approx(result.objective_nok)


def test_one_year_that_cannot_be_served_is_enough():
    result = solve(instance_of(town(unmet_nok=None)), BY_YEAR)
    assert result.outcome is Outcome.INFEASIBLE
    assert result.conflict is not None


KEPT = {"policies": {"keep_places": ["p"]}}
NOT_SEPARABLE = {
    "places that are kept and fall": town(
        sites={"s": site({str(Y1): 2, str(Y3): 1})}, minutes={"s": {"a": 1}}, **KEPT
    ),
    "places that are kept and fall in one year alone": town(
        sites={"s": site({str(Y1): 2, str(Y2): 1, str(Y3): 2})}, **KEPT
    ),
    "a project": town(projects={"k": project("s", 2)}),
    "a project in the last year": town(projects={"k": project("s", 2, opens={"earliest": Y3})}),
    "a project that is required and forbidden by its owner": town(
        projects={"k": project("s", 2, ownership="private")},
        policies={"required_projects": ["k"], "allowed_ownership": ["municipal"]},
    ),
    "one year": town(Y1),
}
SEPARABLE = {
    "places that are kept and grow": town(**KEPT),
    "places that move from one site to another": town(
        sites={"s": site({str(Y1): 2, str(Y2): 0}), "u": site({str(Y1): 0, str(Y2): 2})},
        minutes={"s": {"a": 1}, "u": {"a": 1}},
        **KEPT,
    ),
    "places that fall and are not kept": town(sites={"s": site({str(Y1): 2, str(Y3): 1})}),
    "a project after the last year": town(
        projects={"k": project("s", 2, opens={"earliest": Y3 + 1})}
    ),
}


@pytest.mark.parametrize("document", NOT_SEPARABLE.values(), ids=NOT_SEPARABLE)
def test_years_that_are_not_apart(document):
    instance = instance_of(document)
    assert not separable(instance)
    assert solve(instance).statistics.strategy is not Strategy.BY_YEAR
    with pytest.raises(StrategyNotApplicable):
        solve(instance, BY_YEAR)


@pytest.mark.parametrize("document", SEPARABLE.values(), ids=SEPARABLE)
def test_years_that_are_apart(document):
    instance = instance_of(document)
    assert_same(solve(instance, BY_YEAR), solve(instance, PLAIN))


PEOPLE = {"a": district({str(Y1): 3, str(Y2): 4}, population={"80+": 20}, core="g")}
CORE = {"cores": {"g": {}}, "districts": PEOPLE}
GROWS = {str(Y1): 2, str(Y2): 3, str(Y3): 4}
AT_G = {"s": site(GROWS, core="g")}
RULES = {
    "an operating budget": (
        town(budget={"operating_nok": GROWS}, care_types={"p": care_type(operating_cost_nok=1)}),
        129 + 2 + 3 + 4,
    ),
    "staff": (
        town(
            staffing={"available_fte": {"all": GROWS}},
            care_types={"p": care_type(fte_per_place={"all": 1})},
        ),
        129,
    ),
    "nearness": (
        town(targets={"within": {"minutes": 0.5, "share": {str(Y1): 0, str(Y2): 0.5}}}),
        62 + 240 + 240,
    ),
    "coverage": (
        town(
            **CORE, targets={"coverage": {"ratio": {str(Y1): 0.1, str(Y2): 1}, "population": "80+"}}
        ),
        None,
    ),
    "a core's coverage": (
        town(
            **CORE,
            sites=AT_G,
            targets={
                "core_coverage": {"ratio": {"g": {str(Y1): 0.1, str(Y2): 1}}, "population": "80+"}
            },
        ),
        None,
    ),
}


@pytest.mark.parametrize(("document", "optimum"), RULES.values(), ids=RULES)
def test_each_year_has_its_own_rule(document, optimum):
    instance = instance_of(document)
    result = solve(instance, BY_YEAR)
    assert result.objective_nok == (None if optimum is None else pytest.approx(optimum))
    assert_same(result, solve(instance, PLAIN))


def test_cores_with_places_are_counted_in_the_last_year():
    document = town(
        cores={"g": {}, "h": {}},
        districts={"a": district(0, core="g")},
        sites={"s": site(2, core="g"), "u": site({str(Y1): 0, str(Y3): 1}, core="h")},
        minutes={"s": {"a": 1}, "u": {"a": 1}},
        policies={"min_cores_with_places": 2},
    )
    assert solve(instance_of(document), BY_YEAR).outcome is Outcome.OPTIMAL
    document["sites"]["u"] = site({str(Y1): 1, str(Y3): 0}, core="h")
    assert solve(instance_of(document), BY_YEAR).outcome is Outcome.INFEASIBLE


def test_stopped_in_any_year():
    for after in range(12):
        asked = iter(range(1000))
        watcher = Watcher(should_stop=lambda asked=asked, after=after: next(asked) >= after)
        result = solve(instance_of(town()), BY_YEAR, watcher)
        assert result.outcome in {Outcome.DISMISSED, Outcome.OPTIMAL}
        if result.dual_bound_nok is not None:
            assert result.dual_bound_nok <= 129 + 1e-6


def test_the_answer_is_told_once_all_years_are_solved():
    told: list[Progress] = []
    seeds = (random_scenario(seed) for seed in range(100))
    for document in seeds:
        forbidden(document)
        if separable(instance_of(document)):
            result = solve(instance_of(document), BY_YEAR, Watcher(on_progress=told.append))
            if result.plan is not None:
                break
    assert (told[-1].incumbent_nok, told[-1].bound_nok) == pytest.approx(
        (result.objective_nok, result.dual_bound_nok)
    )
    assert [one.incumbent_nok for one in result.incumbents] == pytest.approx([result.objective_nok])
