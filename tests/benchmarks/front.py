"""A front against one solve to the same gap: `python -m tests.benchmarks.front --gaps 0.01 0.001`.

Processor time of this process, one thread, cost against journeys. The solve is measured before and
after the front, whose first search it is about: on a crowded machine the two differ, and so may
what is told of the front.
"""

import argparse
from itertools import pairwise
from time import process_time

from app.services.checking import check_scenario
from app.services.instances import make_instance
from geodata import bundled
from solver import solve
from solver.analysis.pareto import Front, expected_solves, find_front
from solver.analysis.session import Session
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Watcher
from solver.engine.tradeoff import Measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="lillehammer")
    parser.add_argument("--gaps", type=float, nargs="+", default=[0.01, 0.005, 0.001])
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--limit", type=float, default=3600)
    chosen = parser.parse_args()
    instance = make_instance(check_scenario(bundled.load(chosen.scenario)))
    for gap in chosen.gaps:
        options = SolveOptions(time_limit_s=chosen.limit, mip_gap=gap, threads=1)
        before = _solved(instance, options)
        begun = process_time()
        front = _front(instance, chosen.points, options)
        took = process_time() - begun
        after = _solved(instance, options)
        one = (before + after) / 2
        print(
            f"gap {gap:.2%}: a solve {before:.1f} and {after:.1f} s, the front {took:.1f} s,"
            f" {took / one:.1f} solves; {_told(front, gap)}",
            flush=True,
        )


def _solved(instance: SitingInstance, options: SolveOptions) -> float:
    """Seconds of one solve."""
    begun = process_time()
    solve(instance, options)
    return process_time() - begun


def _front(instance: SitingInstance, points: int, options: SolveOptions) -> Front:
    session = Session(options, Watcher(), expected_solves(points))
    return find_front(instance, Measure.TRAVEL, points, session)


def _told(front: Front, gap: float) -> str:
    """How many points there are, proven and not dominated; each was verified when it was told."""
    points = front.points
    proven = sum(point.gap is not None and point.gap <= gap for point in points)
    good = all(a.cost < b.cost and a.other > b.other for a, b in pairwise(points))
    ends = " to ".join(f"{p.cost / 1e6:.1f}/{p.other / 1e6:.3f}" for p in (points[0], points[-1]))
    return f"{len(points)} points, {proven} proven, none dominated: {good}; million {ends}"


if __name__ == "__main__":
    main()
