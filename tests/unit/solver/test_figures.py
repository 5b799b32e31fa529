"""The key figures of a plan over two years, worked by hand."""

import pytest

from app.schemas.merge_patch import merge_patch
from solver.domain.plan import Plan, PlanFigures
from solver.verify import verify
from solver.verify.books import annuity
from tests.siting import Y1, Y2, care_type, district, instance_of, project, scenario

# k has two places, then three; m is rented for the first year; r takes a place at s in the second.
TOWN = scenario(
    Y2,
    care_types={"p": care_type(operating_cost_nok=100, fte_per_place={"all": 0.5})},
    districts={
        "a": district({"2026": 4, "2027": 5}, population={"80+": {"2026": 20, "2027": 22}}),
        "b": district(2, population={"80+": 10}),
    },
    sites={"s": {"places": {"p": 3}}, "u": {}},
    projects={
        "k": project(
            "u",
            4,
            investment_nok=1000,
            investment_per_place_nok=300,
            grant_per_place_nok=100,
            lifetime_years=40,
            operating_cost_nok=50,
            fte={"all": 2},
        ),
        "m": project(
            "u", 1, investment_nok=400, lifetime_years=10, operating_cost_nok=20, available_years=1
        ),
        "r": project("s", 1, removes={"p": 1}),
    },
    minutes={"s": {"a": 10}, "u": {"a": 20, "b": 5}},
    targets={
        "coverage": {"ratio": {"2027": 0.15}, "population": "80+"},
        "within": {"minutes": 10, "share": 0},
    },
    staffing={"available_fte": {"all": {"2027": 6}}},
    unmet_nok=1000,
    objective={"discount_rate": 0.04, "weights": {"cost": 1, "travel": 2}},
)
PLAN = Plan(
    opens={"k": Y1, "m": Y1, "r": Y2},
    places={("k", "p", Y1): 2, ("m", "p", Y1): 1, ("k", "p", Y2): 3},
    allocation={
        ("a", "n", "s", "p", Y1): 3,
        ("a", "n", "u", "p", Y1): 1,
        ("b", "n", "u", "p", Y1): 2,
        ("a", "n", "s", "p", Y2): 2,
        ("a", "n", "u", "p", Y2): 2,
        ("b", "n", "u", "p", Y2): 1,
    },
    unmet={("a", "n", Y2): 1, ("b", "n", Y2): 1},
)
# 0.04 ÷ (1 − 1.04^−40) and 0.04 ÷ (1 − 1.04^−10)
OVER_40, OVER_10 = 0.0505234893, 0.1232909443


@pytest.fixture(scope="module")
def figures() -> PlanFigures:
    verification, figures = verify(instance_of(TOWN), PLAN)
    assert verification.passed
    return figures


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("need", {"n": 6}, {"n": 7}),
        ("served", {"p": 6}, {"p": 5}),
        ("unmet", {"n": 0}, {"n": 2}),
        ("places", {"p": 3 + 2 + 1}, {"p": 2 + 3}),
        ("places_counted", 6, 5),
        ("population", {"80+": 30}, {"80+": 32}),
        ("coverage_ratio", 6 / 30, 5 / 32),
        ("coverage_target", None, 0.15),
        ("coverage_target_places", None, 5),  # 0.15 × 32 = 4.8
        ("fte", {"all": 6 * 0.5 + 2}, {"all": 5 * 0.5 + 2}),
        ("fte_available", {"all": None}, {"all": 6}),
        ("investment_nok", 1000 + 400 + 2 * 200, 1 * 200),
        ("capital_nok", OVER_40 * 1400 + OVER_10 * 400, OVER_40 * 1600),
        ("operating_nok", 6 * 100 + 50 + 20, 5 * 100 + 50),
        ("unmet_nok", 0, 2 * 1000),
        ("travel_nok", 3 * 10 + 1 * 20 + 2 * 5, 2 * 10 + 2 * 20 + 1 * 5),
        ("mean_minutes", 60 / 6, 65 / 5),
        ("max_minutes", 20, 20),
        ("share_within", 5 / 6, 3 / 5),
    ],
)
def test_figures_of_the_years(figures, name, first, second):
    years = [getattr(figures.years[t], name) for t in (Y1, Y2)]
    assert years == [pytest.approx(first), pytest.approx(second)]


def test_totals_are_discounted_to_the_first_year(figures):
    assert figures.capital_nok == pytest.approx(70.732885 + 49.316378 + 80.837583 / 1.04)
    assert figures.operating_nok == pytest.approx(670 + 550 / 1.04)
    assert figures.unmet_nok == pytest.approx(2000 / 1.04)
    assert figures.travel_nok == pytest.approx(60 + 65 / 1.04)


def test_objective_is_the_weighted_sum(figures):
    first = 70.732885 + 49.316378 + 670 + 2 * 60
    second = 80.837583 + 550 + 2000 + 2 * 65
    assert figures.objective_nok == pytest.approx(first + second / 1.04)


def test_nobody_served_and_nothing_asked_gives_no_figure():
    bare = merge_patch(TOWN, {"targets": None, "policies": None})
    _, figures = verify(instance_of(bare), Plan({}, {}, {}, {}))
    year = figures.years[Y1]
    assert (year.mean_minutes, year.max_minutes, year.share_within) == (None, None, None)
    assert (year.coverage_ratio, year.coverage_target) == (None, None)


@pytest.mark.parametrize(
    ("rate", "years", "expected"),
    [(0.04, 40, OVER_40), (0.04, 10, OVER_10), (0.04, 1, 1.04), (0, 40, 1 / 40), (0, 1, 1)],
)
def test_annuity(rate, years, expected):
    assert float(annuity(rate, years)) == pytest.approx(expected, rel=1e-9)
