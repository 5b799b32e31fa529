"""V2 and V3 on toys: who may stand in for whom, the rows by hand, and the optimum they leave."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from solver import SitingInstance, SolveOptions, solve
from solver.domain.result import Strategy
from solver.formulation import master
from solver.formulation.dominance import Pair, comparable_pairs
from solver.formulation.master import build_master
from tests.siting import Y1, Y2, care_type, district, instance, project, site

EQUAL, BETTER = [Pair("k", "l", equal=True)], [Pair("k", "l", equal=False)]
WORSE = [Pair("l", "k", equal=False)]  # the ids do not decide


def pair_of(ours, theirs, **parts) -> SitingInstance:
    """Two projects at a site with one place, which differ by what is given."""
    projects = {
        "k": {**project("s", 4, step=2, care_types=["p"]), **ours},
        "l": {**project("s", 4, step=2, care_types=["p"]), **theirs},
        "m": project("u", 1),
    }
    given = {
        "care_types": {"p": care_type(), "q": care_type("m")},
        "districts": {"a": district(3)},
        "sites": {"s": site(3), "u": site()},
        "projects": projects,
        "minutes": {"s": {"a": 1}, "u": {"a": 1}},
        "unmet_nok": 60,
        **parts,
    }
    return instance(Y2, **given)


def size(most, least=0, step=2):
    return {"places": {"min": least, "max": most, "step": step}}


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        pytest.param({}, {}, EQUAL, id="equal"),
        pytest.param({"title": "x"}, {"title": "y"}, EQUAL, id="whatever they are called"),
        pytest.param(size(5), {}, EQUAL, id="largest size in whole steps"),
        pytest.param({"opens": {"earliest": 2020, "latest": 2099}}, {}, EQUAL, id="beyond period"),
        pytest.param({"excludes": ["m"]}, {"excludes": ["m"]}, EQUAL, id="same excluded"),
        pytest.param({"requires": ["m"]}, {"requires": ["m"]}, EQUAL, id="same required"),
        pytest.param({"ownership": "private"}, {}, EQUAL, id="owners, all of them allowed"),
        pytest.param({}, {"opens": {"earliest": Y2}}, BETTER, id="earlier"),
        pytest.param({"opens": {"latest": Y1}}, {}, WORSE, id="later"),
        pytest.param(size(4, 2), {}, WORSE, id="least size"),
        pytest.param(size(6), {}, BETTER, id="largest size"),
        pytest.param({"investment_nok": 1}, {}, WORSE, id="investment"),
        pytest.param({"investment_per_place_nok": 1}, {}, WORSE, id="investment per place"),
        pytest.param({}, {"operating_cost_nok": 1}, BETTER, id="operating cost"),
        pytest.param({}, {"fte": {"all": 1}}, BETTER, id="staff"),
        pytest.param(size(6), {"operating_cost_nok": 1}, BETTER, id="by two figures"),
        pytest.param(size(6), size(4) | {"operating_cost_nok": 1}, BETTER, id="by both"),
        pytest.param({"operating_cost_nok": 1}, size(2), [], id="neither by both"),
        pytest.param({"fte": {"all": 1}}, {"fte": {"nurses": 1}}, [], id="other staff"),
        pytest.param({}, {"site": "u"}, [], id="elsewhere"),
        pytest.param({}, {"care_types": ["q"]}, [], id="other places"),
        pytest.param({}, size(4, step=1), [], id="other step"),
        pytest.param({}, {"lifetime_years": 2}, [], id="other lifetime"),
        pytest.param({}, {"available_years": 1}, [], id="temporary"),
        pytest.param({"available_years": 1}, {"available_years": 1}, EQUAL, id="both temporary"),
        pytest.param({}, {"removes": {"p": 1}}, [], id="removes"),
        pytest.param({}, {"excludes": ["m"]}, [], id="excludes"),
        pytest.param({}, {"excludes": ["k"]}, [], id="excluded by the other"),
        pytest.param({}, {"requires": ["m"]}, [], id="requires"),
    ],
)
def test_who_may_stand_in_for_whom(ours, theirs, pairs):
    assert list(comparable_pairs(pair_of(ours, theirs))) == pairs


@pytest.mark.parametrize(
    "policies",
    [
        {"required_projects": ["k"]},
        {"forbidden_projects": ["l"]},
        {"allowed_ownership": ["private"]},
    ],
)
def test_what_policies_name_or_do_not_allow_stands_in_for_nobody(policies):
    assert list(comparable_pairs(pair_of({"ownership": "private"}, {}, policies=policies))) == []


def test_pairs_that_follow_from_others_are_left_out():
    costs = {"a": 0, "b": 0, "c": 1, "d": 1, "e": 2}
    many = instance(
        districts={"a": district(3)},
        sites={"s": site()},
        projects={
            **{k: project("s", 4, investment_nok=nok) for k, nok in costs.items()},
            "f": project("s", 5, investment_nok=1),  # larger than d, dearer than b
        },
        unmet_nok=60,
    )
    assert set(comparable_pairs(many)) == {
        ("a", "b", True),
        ("b", "c", False),
        ("c", "d", True),
        ("f", "c", False),
        ("d", "e", False),
    }


def with_values(made: SitingInstance, values: dict[tuple[str, ...], float]) -> pyo.ConcreteModel:
    """The master of an instance, with these values and 0 else."""
    model = build_master(made, 1.0, np.ones(1))
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(0)
    for (name, *at), value in values.items():
        model.component(name)[tuple(at)].set_value(value)
    return model


def rows(model: pyo.ConcreteModel, name: str) -> dict[tuple[object, ...], tuple[float, ...]]:
    """What stands in each row: body, lower, upper."""
    return {
        at: (pyo.value(row.body), pyo.value(row.lower), pyo.value(row.upper))
        for at, row in model.component(name).items()
    }


def test_rows_of_equal_projects():
    values = {("open", "l", Y1): 1, ("open", "l", Y2): 1, ("open", "k", Y2): 1}
    model = with_values(pair_of({}, {}), values)
    assert rows(model, "equal_projects_open_in_order") == {
        ("k", "l", Y1): (1, None, 0),
        ("k", "l", Y2): (0, None, 0),
    }
    assert rows(model, "better_project_opens_too") == {}


def test_rows_of_a_better_project():
    values = {("open", "l", Y1): 1, ("open", "l", Y2): 1}
    model = with_values(pair_of({}, {"operating_cost_nok": 1}), values)
    assert rows(model, "better_project_opens_too") == {("k", "l"): (1, None, 0)}
    assert rows(model, "equal_projects_open_in_order") == {}


def test_rows_of_a_smallest_size():
    """V2: two steps of two less the four asked for, then one step in a year without opening."""
    values = {("growth", "k", "p", Y1): 2, ("opening", "k", Y1): 1, ("growth", "k", "p", Y2): 1}
    model = with_values(pair_of(size(8, 4), {}), values)
    assert rows(model, "opens_with_minimum") == {("k", Y1): (0, 0, None), ("k", Y2): (2, 0, None)}


@pytest.fixture
def both_needed() -> SitingInstance:
    """The dear project fits under the ceiling of the first year alone, the cheap one of both."""
    return instance(
        Y2,
        districts={"a": district({str(Y1): 1, str(Y2): 2})},
        sites={"s": site()},
        projects={"k": project("s", 1, investment_nok=5), "l": project("s", 1, investment_nok=20)},
        minutes={"s": {"a": 1}},
        budget={"investment_nok": {str(Y1): 20, str(Y2): 5}},
        unmet_nok=60,
    )


def decomposed(made: SitingInstance) -> float | None:
    options = SolveOptions(mip_gap=0, strategy=Strategy.DECOMPOSITION)
    return solve(made, options).objective_nok


def test_a_better_project_may_open_after_the_worse(both_needed):
    """l costs 20 and 20, k 5 in the second year; three places travel."""
    assert list(comparable_pairs(both_needed)) == BETTER
    assert decomposed(both_needed) == pytest.approx(48)


def test_it_could_not_if_the_rows_were_of_all_years(both_needed, monkeypatch):
    """k alone is left: 5 and 5, a place unmet at 60, and two that travel."""

    def in_all_years(model, par):
        model.wrong = pyo.Constraint(
            par.sets.YEARS, rule=lambda m, t: m.open["l", t] - m.open["k", t] <= 0
        )

    monkeypatch.setattr(master, "better_project_opens_too", in_all_years)
    assert decomposed(both_needed) == pytest.approx(72)


def test_whoever_is_forced_by_a_policy_opens(both_needed):
    """The worse alone, as somebody asks why it is not: 20, a place unmet at 60, and two travel."""
    policies = replace(both_needed.policies, required_projects=("l",), forbidden_projects=("k",))
    assert decomposed(replace(both_needed, policies=policies)) == pytest.approx(20 + 20 + 60 + 2)
