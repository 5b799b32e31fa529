"""Solve the bundled scenarios and OR-Library's instances, and print the tables.

python -m tests.benchmarks [NAME …]   NAME is bundled, orlib or capb; without: bundled and orlib

Each solve runs in a process of its own, so that peak memory is its own; the peer of every speed
claim, the plain program, is solved in the same run.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from app.services.checking import check_scenario
from app.services.instances import make_instance
from geodata import bundled
from solver import SolveOptions, SolveResult, solve
from solver.engine import decomposition
from tests.known_optimum.orlib import CAP, CAPB, PMED, available, capacitated, median
from tests.siting import Document

HEADER = (
    "| instance | strategy | outcome | gap | build s | search s | in all s | variables | rows "
    "| nonzeros | nodes | MB |"
)
LIMIT_S = 120.0


def main(names: list[str]) -> None:
    """Print a table row per solve as it ends."""
    print(HEADER)
    print("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in names or ["bundled", "orlib"]:
        for title, document, options, plain in CASES[name]():
            print(_row(title, _apart(document, options, plain)), flush=True)


def _bundled() -> Iterator[tuple[str, Document, SolveOptions, bool]]:
    options = SolveOptions(time_limit_s=LIMIT_S)
    for name in bundled.names():
        for plain in (False, True):
            yield name, bundled.load(name), options, plain


def _orlib() -> Iterator[tuple[str, Document, SolveOptions, bool]]:
    options = SolveOptions(time_limit_s=LIMIT_S, mip_gap=1e-6)
    for name in available(CAP):
        yield name, capacitated(name), options, False
    for name in available(PMED):
        yield name, median(name), options, False


def _capb() -> Iterator[tuple[str, Document, SolveOptions, bool]]:
    options = SolveOptions(time_limit_s=LIMIT_S, mip_gap=1e-6)
    for capacity in CAPB if available(["capb"]) else ():
        yield f"capb {capacity}", capacitated("capb", capacity), options, False


CASES = {"bundled": _bundled, "orlib": _orlib, "capb": _capb}


def _apart(document: Document, options: SolveOptions, plain: bool) -> SolveResult:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_solve, document, options, plain).result()


def _solve(document: Document, options: SolveOptions, plain: bool) -> SolveResult:
    if plain:
        decomposition.LEAST_ALLOCATIONS = sys.maxsize
    return solve(make_instance(check_scenario(document)), options)


def _row(title: str, result: SolveResult) -> str:
    s = result.statistics
    gap = "" if result.mip_gap is None else f"{100 * result.mip_gap:.3f} %"
    return (
        f"| {title} | {s.strategy} | {result.outcome.value} | {gap} | {s.build_seconds:.2f} "
        f"| {s.solve_seconds:.2f} | {s.total_seconds:.2f} | {s.variables} | {s.constraints} "
        f"| {s.nonzeros} | {s.nodes} | {s.peak_memory_mb:.0f} |"
    )
