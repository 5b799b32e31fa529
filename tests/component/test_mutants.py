"""Good plans with seeded random edits: the verifier finds what an independent referee finds."""

from random import Random

import pytest

from solver import SolveOptions, solve
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.verify import verify
from tests.random_scenarios import random_scenario, unequal_scenario
from tests.referee import Referee
from tests.siting import instance_of

SCENARIOS = 60
MUTANTS = 10


def mutant(rng: Random, instance: SitingInstance, plan: Plan) -> Plan:
    """The plan with one to three edits."""
    edited = Plan(*(dict(part) for part in vars(plan).values()))
    for _ in range(rng.randint(1, 3)):
        rng.choice([_open, _build, _move, _serve, _miss])(rng, instance, edited)
    return edited


def _open(rng, instance, plan):
    """A project opens in another year, or no more."""
    k = rng.choice(list(instance.projects))
    plan.opens.pop(k, None)
    if rng.random() < 0.7:
        plan.opens[k] = rng.choice([*instance.years, instance.years[0] - 1])


def _build(rng, instance, plan):
    """A project has more or fewer places of some type, in one year or in all that follow."""
    k, p = rng.choice(list(instance.projects)), rng.choice(list(instance.care_types))
    since, more = rng.choice(instance.years), rng.choice([-2, -1, 1, 2])
    until = rng.choice([since, instance.years[-1]])
    for t in range(since, until + 1):
        plan.places[k, p, t] = plan.places.get((k, p, t), 0) + more


def _move(rng, instance, plan):
    """Somebody is served at another site, or with another type of place."""
    if plan.allocation:
        i, n, _, _, t = key = rng.choice(list(plan.allocation))
        moved = plan.allocation[key] * rng.choice([0.5, 1])
        there = (i, n, rng.choice(list(instance.sites)), rng.choice(list(instance.care_types)), t)
        plan.allocation[key] -= moved
        plan.allocation[there] = plan.allocation.get(there, 0) + moved


def _serve(rng, instance, plan):
    """More or fewer of a district are served than before."""
    if plan.allocation:
        plan.allocation[rng.choice(list(plan.allocation))] += rng.choice([-1, -0.25, 0.25, 1])


def _miss(rng, instance, plan):
    """Some who were served are not."""
    if plan.allocation:
        i, n, _, _, t = key = rng.choice(list(plan.allocation))
        plan.unmet[i, n, t] = plan.unmet.get((i, n, t), 0) + plan.allocation.pop(key)


@pytest.mark.parametrize("draw", [random_scenario, unequal_scenario])
def test_verifier_and_referee_find_the_same_faults(draw):
    rng = Random(1)
    broken = 0
    for seed in range(SCENARIOS):
        document = draw(seed)
        instance = instance_of(document)
        plan = solve(instance, SolveOptions(mip_gap=0)).plan
        for _ in range(MUTANTS if plan is not None else 0):
            edited = mutant(rng, instance, plan)
            verification, figures = verify(instance, edited)
            referee = Referee(document, edited)
            failed = {check.code for check in verification.checks if not check.passed}
            assert failed >= referee.broken(), (seed, edited)
            assert bool(failed) == bool(referee.broken()), (seed, edited)
            broken += len(failed) > 0
            if not failed:
                assert figures.objective_nok == pytest.approx(referee.cost(), rel=1e-9)
    assert broken >= 200
