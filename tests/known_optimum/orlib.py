"""OR-Library's instances as scenarios, where the folder of them lies beside the checkout.

J. E. Beasley, "OR-Library: distributing test problems by electronic mail", Journal of the
Operational Research Society 41 (1990). The optima are those published with the library.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from tests.siting import Document, district, project, scenario

BENCH = Path(__file__).parents[3] / "shared" / "bench"

CAP = {
    "cap41": 1040444.375,
    "cap42": 1098000.450,
    "cap43": 1153000.450,
    "cap44": 1235500.450,
    "cap51": 1025208.225,
    "cap61": 932615.750,
    "cap62": 977799.400,
    "cap63": 1014062.050,
    "cap64": 1045650.250,
    "cap71": 932615.750,
    "cap72": 977799.400,
    "cap73": 1010641.450,
    "cap74": 1034976.975,
}
CAPB = {5000: 13656379.578, 6000: 13361927.449, 7000: 13198556.434, 8000: 13082516.496}
PMED = dict(
    zip(
        [f"pmed{number}" for number in range(1, 11)],
        [5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255],
        strict=True,
    )
)


def available(names: Iterable[str]) -> list[str]:
    """Those instances whose file is there."""
    return [name for name in names if _file(name).exists()]


def capacitated(name: str, capacity: float | None = None) -> Document:
    """Capacitated facility location; `capacity` where the file leaves it open (capb)."""
    numbers = _numbers(name, capacity)
    sites, customers = int(next(numbers)), int(next(numbers))
    built = {f"s{j:03}": (int(next(numbers)), next(numbers)) for j in range(sites)}
    demand: dict[str, float] = {}
    minutes: dict[str, dict[str, float]] = {j: {} for j in built}
    for i in (f"d{i:04}" for i in range(customers)):
        demand[i] = next(numbers)
        for j in built:
            minutes[j][i] = next(numbers) / demand[i]
    return scenario(
        districts={i: district(need) for i, need in demand.items()},
        sites={j: {} for j in built},
        projects={
            f"k-{j}": project(j, size, investment_nok=cost) for j, (size, cost) in built.items()
        },
        minutes=minutes,
    )


def median(name: str) -> Document:
    """p-median: every node a customer and a site without limit."""
    numbers = [int(number) for number in _numbers(name)]
    nodes, _, most = numbers[:3]
    distances = _shortest(nodes, np.array(numbers[3:]).reshape(-1, 3))
    names = [f"{node:04}" for node in range(nodes)]
    return scenario(
        districts={i: district(1) for i in names},
        sites={j: {} for j in names},
        projects={f"k-{j}": project(j, nodes) for j in names},
        minutes={
            j: dict(zip(names, row, strict=True))
            for j, row in zip(names, distances.tolist(), strict=True)
        },
        policies={"max_projects": most},
    )


def _shortest(nodes: int, edges: Any) -> Any:
    """Distances between all nodes; of a repeated edge the last cost counts."""
    costs = {(min(a, b), max(a, b)): cost for a, b, cost in edges.tolist()}
    ends = np.array(list(costs)) - 1
    graph = coo_array((list(costs.values()), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    return shortest_path(graph.tocsr(), directed=False)


def _numbers(name: str, capacity: float | None = None) -> Iterator[float]:
    text = _file(name).read_text().replace("capacity", str(capacity))
    return map(float, text.split())


def _file(name: str) -> Path:
    folder = "orlib_pmed" if name.startswith("pmed") else "orlib_cap"
    return BENCH / folder / f"{name}.txt"
