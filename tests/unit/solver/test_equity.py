"""Measures of how journeys are spread, worked by hand, and what must hold of them whatever."""

from math import exp, log
from random import Random

import pytest

from app.schemas.merge_patch import merge_patch
from solver.domain.plan import Plan
from solver.verify import verify
from solver.verify.equity import gini, kolm_pollak
from tests.siting import Y1, Y2, district, instance_of, scenario, site

# g has a, which is 4 and 12 minutes away, and h has b, 10 away; c, in no core, is 20 away.
TOWN = scenario(
    Y2,
    cores={"g": {}, "h": {}, "nobody": {}},
    districts={
        "a": district(4, core="g"),
        "b": district(2, core="h"),
        "c": district({"2026": 2, "2027": 0}),
    },
    sites={"s": site(9), "u": site(9)},
    minutes={"s": {"a": 4, "b": 10, "c": 20}, "u": {"a": 12, "b": 25}},
    objective={"discount_rate": 0.25},
)
PLAN = Plan(
    opens={},
    places={},
    allocation={
        ("a", "n", "s", "p", Y1): 3,
        ("a", "n", "u", "p", Y1): 1,
        ("b", "n", "s", "p", Y1): 2,
        ("c", "n", "s", "p", Y1): 2,
        ("a", "n", "s", "p", Y2): 4,
        ("b", "n", "s", "p", Y2): 2,
    },
    unmet={},
)


def test_measures_of_a_year():
    verification, figures = verify(instance_of(TOWN), PLAN)
    assert verification.passed
    equity = figures.years[Y1].equity
    assert equity is not None
    assert equity.share_within_10_minutes == (3 + 2) / 8
    assert equity.share_within_10_minutes_by_core == {"g": 3 / 4, "h": 1, "nobody": None}
    assert (equity.worst_off_district.district, equity.worst_off_district.mean_minutes) == ("c", 20)
    # Pairs of different times: 3·2·6, 3·1·8, 3·2·16, 2·1·2, 2·2·10 and 1·2·8, each counted once.
    apart = 36 + 24 + 96 + 4 + 40 + 16
    assert equity.gini == pytest.approx(apart / (8 * (3 * 4 + 2 * 10 + 1 * 12 + 2 * 20)))
    kappa = 84 / (3 * 16 + 2 * 100 + 1 * 144 + 2 * 400)
    felt = 3 * exp(4 * kappa) + 2 * exp(10 * kappa) + exp(12 * kappa) + 2 * exp(20 * kappa)
    assert equity.kolm_pollak_minutes == pytest.approx(log(felt / 8) / kappa)


def test_the_worst_off_are_by_district_and_ties_go_to_the_first():
    """Once c needs nothing: a travels 4, b travels 10; then both 10."""
    _, figures = verify(instance_of(TOWN), PLAN)
    assert figures.years[Y2].equity.worst_off_district.district == "b"
    same = merge_patch(TOWN, {"travel": {"minutes": {"s": {"a": 10}}}})
    _, figures = verify(instance_of(same), PLAN)
    assert figures.years[Y2].equity.worst_off_district.district == "a"


def test_nobody_served_has_no_measure():
    _, figures = verify(instance_of(TOWN), Plan({}, {}, {}, {}))
    assert figures.years[Y1].equity is None


def test_what_the_weights_add_stands_by_itself():
    """Worst off: 8 places × 20 minutes, then 6 × 10 in the second year, at 0.8 of its price."""
    weights = {"travel": 3, "worst_off": 2, "kolm_pollak": 0.5}
    weighed = {"weights": weights, "inequality_aversion_per_minute": 0.1}
    _, figures = verify(instance_of(merge_patch(TOWN, {"objective": weighed})), PLAN)
    felt = [
        3 * (exp(0.4) - 1) + 2 * (exp(1) - 1) + (exp(1.2) - 1) + 2 * (exp(2) - 1),
        4 * (exp(0.4) - 1) + 2 * (exp(1) - 1),
    ]
    added = [2 * 8 * 20 + 0.5 * felt[0] / 0.1, 2 * 6 * 10 + 0.5 * felt[1] / 0.1]
    assert [figures.years[t].equity_nok for t in (Y1, Y2)] == pytest.approx(added)
    assert figures.equity_nok == pytest.approx(added[0] + 0.8 * added[1])
    travel = 84 + 0.8 * (16 + 20)
    assert figures.travel_nok == pytest.approx(travel)
    assert figures.objective_nok == pytest.approx(3 * travel + figures.equity_nok)


def test_a_place_missing_counts_as_the_longest_journey():
    """Those of c get one of their two: (1 × 20 + 1 × 20) ÷ 2. So for b, with 25."""
    weighed = {"unmet_place_year_nok": 1, "weights": {"worst_off": 1}}
    instance = instance_of(merge_patch(TOWN, {"objective": weighed}))
    for district_id, served, worst in [("c", 1, 20), ("b", 0.5, (0.5 * 10 + 1.5 * 25) / 2)]:
        allocation = {
            (i, n, j, p, t): served if i == district_id else q
            for (i, n, j, p, t), q in PLAN.allocation.items()
            if t == Y1
        }
        unmet = {(district_id, "n", Y1): 2 - served}
        _, figures = verify(instance, Plan({}, {}, allocation, unmet))
        assert figures.years[Y1].equity_nok == pytest.approx(8 * worst)


def test_without_weights_nothing_is_added():
    _, figures = verify(instance_of(TOWN), PLAN)
    assert (figures.equity_nok, figures.years[Y1].equity_nok) == (0, 0)


@pytest.mark.parametrize(
    ("minutes", "places", "expected"),
    [
        ([5], [3], 0),
        ([5, 5], [0.1, 0.7], 0),
        ([0, 0], [1, 2], 0),
        ([0, 10], [1, 1], 1 / 2),  # half travel all the way
        ([0, 10], [3, 1], 3 / 4),
        ([1, 3], [1, 1], 1 / 4),  # |1 − 3| ÷ (2 · 2)
    ],
)
def test_gini(minutes, places, expected):
    assert gini(minutes, places) == pytest.approx(expected, abs=0)


@pytest.mark.parametrize(
    ("minutes", "places", "expected"),
    [
        ([7, 7], [0.3, 2], 7),
        ([0, 0], [1, 2], 0),
        ([0, 10], [1, 1], 10 * log((1 + exp(1)) / 2)),  # κ = 10 ÷ 100
        ([1, 3], [1, 1], 2.5 * log((exp(0.4) + exp(1.2)) / 2)),  # κ = 4 ÷ 10
    ],
)
def test_kolm_pollak(minutes, places, expected):
    assert kolm_pollak(minutes, places) == pytest.approx(expected, rel=1e-12)


def test_one_who_travels_ten_thousand_times_as_far_overflows_nothing():
    minutes, places = [1, 10_000], [100_000, 0.001]
    assert max(minutes) > kolm_pollak(minutes, places) > 1


@pytest.mark.parametrize("seed", range(200))
def test_what_holds_of_any_journeys(seed):
    """Never below the mean nor above the longest; the unit of time and the order say nothing."""
    rng = Random(seed)
    count = rng.randint(1, 30)
    minutes = [rng.choice([0, rng.uniform(0, 90), float(rng.randint(0, 20))]) for _ in range(count)]
    places = [rng.uniform(0.001, 5) for _ in range(count)]
    mean = sum(z * q for z, q in zip(minutes, places, strict=True)) / sum(places)
    assert 0 <= gini(minutes, places) < 1
    assert mean - 1e-9 <= kolm_pollak(minutes, places) <= max(minutes) + 1e-9
    seconds = [60 * z for z in minutes]
    assert gini(seconds, places) == pytest.approx(gini(minutes, places))
    assert kolm_pollak(seconds, places) == pytest.approx(60 * kolm_pollak(minutes, places))
    order = rng.sample(range(count), count)
    mixed = [minutes[at] for at in order], [places[at] for at in order]
    assert gini(*mixed) == gini(minutes, places)
    assert kolm_pollak(*mixed) == pytest.approx(kolm_pollak(minutes, places), rel=1e-12)
    assert kolm_pollak([mean] * count, places) == pytest.approx(mean)
