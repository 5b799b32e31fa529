"""The instances that are measured, by name: how to make each, in the process that solves it."""

from collections.abc import Callable
from functools import partial

from geodata import bundled
from solver import SitingInstance
from tests.benchmarks.instances.county import county
from tests.benchmarks.instances.modules import modules
from tests.benchmarks.instances.national import (
    national_covering,
    national_median,
    national_set_covering,
)
from tests.benchmarks.instances.towns import towns_instance
from tests.benchmarks.instances.variations import COUNT, lillehammer_variation
from tests.benchmarks.ours import Make
from tests.known_optimum.orlib import CAP, CAPB, PMED, capacitated, median
from tests.siting import Document, instance_of

Cases = dict[str, Make]


def made(write: Callable[..., Document], *arguments: object) -> SitingInstance:
    """The instance of a document that is written with the arguments."""
    return instance_of(write(*arguments))


LILLEHAMMER = partial(made, bundled.load, "lillehammer")
VARIATIONS: Cases = {str(n): partial(made, lillehammer_variation, n) for n in range(COUNT)}
CLASSICS: Cases = {
    **{name: partial(made, capacitated, name) for name in CAP},
    **{name: partial(made, median, name) for name in PMED},
}
CAPB_CASES: Cases = {f"capb {c}": partial(made, capacitated, "capb", c) for c in CAPB}
OPTIMA = {**CAP, **PMED, **{f"capb {c}": optimum for c, optimum in CAPB.items()}}
NATIONAL: Cases = {
    "p-median, p = 20": partial(made, national_median, 20),
    "p-median, p = 40": partial(made, national_median, 40),
    "most within 45 min of 30": partial(made, national_covering, 45, 30),
    "all within 90 min": partial(made, national_set_covering, 90),
}
TOWNS: Cases = {
    "14 000 × 300, p = 40": partial(towns_instance, 14_000, 300, 40, seed=1),
    "14 000 × 300, p = 40, seed 2": partial(towns_instance, 14_000, 300, 40, seed=2),
    "14 000 × 300, p = 15": partial(towns_instance, 14_000, 300, 15, seed=1),
    "100 000 × 1 000, p = 100": partial(towns_instance, 100_000, 1_000, 100, seed=1),
}
REGIONS: Cases = {
    "150 × 40, 5 years, 3 care types": partial(made, modules, 150, 40, 5, 3),
    "300 × 100, 5 years, 3 care types": partial(made, modules, 300, 100, 5, 3),
    "500 × 150, 10 years, 3 care types": partial(made, modules, 500, 150, 10, 3),
    "county: 20 municipalities, 15 years": partial(made, county),
}
BLOCKS: Cases = {
    "100 000": partial(towns_instance, 1_000, 100, 10, seed=1),
    "1 000 000": partial(towns_instance, 4_000, 250, 10, seed=1),
}
STOPPED: Cases = {
    "lillehammer": LILLEHAMMER,
    "capb 5000": CAPB_CASES["capb 5000"],
    **{name: REGIONS[name] for name in list(REGIONS)[-2:]},
    **{name: TOWNS[name] for name in list(TOWNS)[-2:]},
}
