"""The difference of two plans: figure by figure, and as sure as the two gaps allow."""

from dataclasses import replace

import pytest

from solver import SolveOptions, solve
from solver.analysis.difference import (
    Bounds,
    Direction,
    ProjectChange,
    Verdict,
    difference,
    key_figures,
)
from solver.domain.result import SolveResult
from tests.siting import Y2, care_type, district, instance, project, scenario, site
from tests.siting import instance_of as of


def town(need: int = 3, last: int = Y2, **more) -> SolveResult:
    """Two stand at s, a minute away; k at u, four minutes away, has what else is needed."""
    document = scenario(
        last,
        care_types={"p": care_type(operating_cost_nok=2, fte_per_place={"all": 0.5})},
        districts={"a": district({"2026": 2, "2027": need}, population={"80+": 10})},
        sites={"s": site(2), "u": {}},
        projects={"k": project("u", 9, investment_nok=10, investment_per_place_nok=3, **more)},
        minutes={"s": {"a": 1}, "u": {"a": 4}},
        targets={"coverage": {"ratio": 0, "population": "80+"}},
        unmet_nok=100,
    )
    return solve(of(document), SolveOptions(mip_gap=0))


def bounded(result: SolveResult, low: float | None) -> SolveResult:
    return replace(result, dual_bound_nok=low)


def test_key_figures_by_hand():
    """One project place in 2027: 13 invested; 2 + 2 + 3 served place-years of minutes 1, 1, 1…"""
    result = town()
    assert result.figures is not None
    figures = key_figures(result.figures)
    assert figures.investment_nok == 13
    assert (figures.capital_nok, figures.operating_nok) == (13, 4 + 6)
    assert (figures.fte, figures.fte_mean) == ({"all": 1.5}, {"all": 1.25})
    assert (figures.places, figures.places_counted) == ({"p": 3}, 3)
    assert figures.mean_minutes == pytest.approx((4 * 1 + 1 * 4) / 5)
    assert figures.max_minutes == 4
    assert figures.coverage_ratio == pytest.approx(0.3)
    assert figures.unmet_place_years == 0
    assert (figures.share_within_10_minutes, figures.equity_nok) == (1, 0)
    # In 2027 minutes are 1, 1 and 4: |differences| add up to 4 × 3 of 2 × 3 × 6.
    assert figures.worst_off_minutes == pytest.approx(2)
    assert figures.gini == pytest.approx(4 * 3 / (2 * 3 * 6))
    assert figures.objective_nok == pytest.approx(13 + 10 + 4 + 4)


def test_the_second_less_the_first():
    found = difference(town(3), town(5))
    assert found.figures.objective_nok == pytest.approx(2 * (3 + 2 + 4))
    assert found.figures.places == {"p": 2}
    assert found.figures.fte == {"all": pytest.approx(1)}
    assert found.figures.coverage_ratio == pytest.approx(0.2)
    assert found.figures.mean_minutes == pytest.approx((4 + 3 * 4) / 7 - 8 / 5)
    assert found.figures.worst_off_minutes == pytest.approx(14 / 5 - 2)
    assert found.projects == (ProjectChange("k", Y2, Y2, 1, 3),)
    assert found.verdict is Verdict.DEARER
    back = difference(town(5), town(3))
    assert back.verdict is Verdict.CHEAPER
    assert back.figures.objective_nok == -found.figures.objective_nok


def test_projects_opened_left_out_and_moved():
    without = town(2)
    assert difference(without, town(3)).projects == (ProjectChange("k", None, Y2, 0, 1),)
    assert difference(town(3), without).projects == (ProjectChange("k", Y2, None, 1, 0),)
    early = replace(town(3))
    assert early.plan is not None
    moved = replace(early, plan=replace(early.plan, opens={"k": 2026}))
    assert difference(early, moved).projects == (ProjectChange("k", Y2, 2026, 1, 1),)


def test_the_same_plan_twice():
    found = difference(town(), town())
    assert found.verdict is Verdict.EQUAL
    assert found.projects == ()
    assert found.figures.objective_nok == 0


@pytest.mark.parametrize(
    ("first", "second", "direction", "low", "high", "verdict"),
    [
        # The plans cost 31 and 49.
        (31, 49, Direction.NEITHER, 18, 18, Verdict.DEARER),
        (20, 40, Direction.NEITHER, 9, 29, Verdict.DEARER),
        (20, 31, Direction.NEITHER, 0, 29, Verdict.UNDECIDED),
        (20, 25, Direction.NEITHER, -6, 29, Verdict.UNDECIDED),
        (20, 25, Direction.TIGHTENS, 0, 29, Verdict.UNDECIDED),
        (20, 25, Direction.RELAXES, -6, 0, Verdict.UNDECIDED),
        (None, 40, Direction.NEITHER, 9, None, Verdict.DEARER),
        (20, None, Direction.NEITHER, None, 29, Verdict.UNDECIDED),
        (20, None, Direction.TIGHTENS, 0, 29, Verdict.UNDECIDED),
        (None, 25, Direction.RELAXES, -6, 0, Verdict.UNDECIDED),
    ],
)
def test_interval(first, second, direction, low, high, verdict):
    found = difference(bounded(town(3), first), bounded(town(5), second), direction)
    expected = Bounds(
        None if low is None else pytest.approx(low, abs=1e-9),
        None if high is None else pytest.approx(high, abs=1e-9),
    )
    assert found.interval_nok == expected
    assert found.verdict is verdict


def test_figures_that_a_plan_does_not_have():
    nobody = solve(instance(districts={"a": district()}, sites={"s": site(1)}))
    served = solve(
        instance(districts={"a": district(1)}, sites={"s": site(1)}, minutes={"s": {"a": 3}})
    )
    found = difference(nobody, served)
    assert (found.figures.mean_minutes, found.figures.coverage_ratio) == (None, None)
    assert found.figures.gini is None


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="different years"):
        difference(town(), town(last=2028))
    none = replace(town(), plan=None, figures=None)
    with pytest.raises(ValueError, match="no plan"):
        difference(town(), none)
