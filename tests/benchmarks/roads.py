"""Shortest times on a road network: ours from file to matrix, and what libraries give."""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.crs import geodesic_km
from geodata.network.graph import Network, Vertices, make_network
from geodata.network.lines import LineChoice, read_lines
from geodata.network.osm import read_osm
from geodata.network.profiles import OFF_ROAD_KMH
from geodata.network.times import road_times
from tests.benchmarks.instances.streets import Floats, Ints, Streets, make_streets
from tests.benchmarks.markdown import Table, note, seconds
from tests.benchmarks.measure import Settings, alternately, apart
from tests.roads import write_layer, write_pbf

SIDE, ISLAND, DISTRICTS, SITES = 225, 12, 1000, 100
SNAP_LIMIT_M = 500.0
_HUGE = 1e6  # minutes: no journey, whatever a library calls it


@dataclass(frozen=True)
class Arcs:
    """Directed arcs with minutes, and the nodes of districts and sites."""

    nodes: int
    tail: Ints
    head: Ints
    minutes: Floats
    districts: Ints
    sites: Ints


@dataclass(frozen=True)
class Found:
    """Seconds of processor time to prepare and to search; minutes (sites, districts)."""

    prepared_s: float
    searched_s: float
    minutes: Floats


@dataclass(frozen=True)
class Timed:
    """Seconds of each step, by its name."""

    steps: dict[str, float]


def roads(settings: Settings) -> None:
    """What others give for the nodes of a network, then ours with files and snapping."""
    works: dict[str, Callable[[], Found]] = {
        "scipy": by_scipy,
        "igraph": by_igraph,
        "pandana": by_pandana,
    }
    found = alternately(works, settings.repeat, lambda _: True)
    reference = found["scipy"].values[0].minutes
    columns = ("prepare, s", "search, s", "MB", "farthest off, min", "no way is")
    table = Table(f"{SITES} × {DISTRICTS} between nodes, processor time", ("", *columns))
    for name, series in found.items():
        if series.failure:
            table.row(name, series.failure, *[""] * (len(columns) - 1))
            continue
        off, nowhere = _compared(series.values[0].minutes, reference)
        table.row(
            name,
            seconds(series.median_of(lambda each: each.prepared_s)),
            seconds(series.median_of(lambda each: each.searched_s)),
            f"{series.peak_mb:.0f}",
            f"{off:.2g}",
            nowhere,
        )
    steps = Table("ours, from file to matrix, wall time", ("", "s", "MB"))
    for name, work in {"from a PBF": from_pbf, "from a GeoPackage": from_layer}.items():
        measured = apart(work)
        assert measured.value is not None, measured.failure
        for step, took in measured.value.steps.items():
            steps.row(f"{name}: {step}", seconds(took), f"{measured.peak_mb:.0f}")
    note(f"{len(streets().start)} streets, {len(arcs().tail)} arcs, {len(streets().nodes)} nodes.")


def streets() -> Streets:
    """The network of the benchmark."""
    return make_streets(SIDE, ISLAND, seed=1)


def network(made: Streets) -> Network:
    """The made streets as a network of ours."""
    key = np.column_stack((made.start, made.end)).ravel()
    line = np.repeat(np.arange(len(made.start)), 2)
    vertices = Vertices(line, made.nodes[key], key, np.ones(len(key), dtype=bool))
    return make_network(vertices, made.kmh, np.where(made.one_way, 0.0, made.kmh))


def ends(made: Streets) -> tuple[Floats, Floats]:
    """Sites and districts: crossings moved up to some 50 m."""
    rng = np.random.default_rng(2)
    chosen = rng.choice(len(made.nodes), SITES + DISTRICTS, replace=False)
    moved = made.nodes[chosen] + rng.uniform(-0.0005, 0.0005, (len(chosen), 2))
    return moved[:SITES], moved[SITES:]


def arcs() -> Arcs:
    """The same network for libraries that know nodes alone."""
    made = streets()
    minutes = 60 * geodesic_km(made.nodes[made.start], made.nodes[made.end]) / made.kmh
    back = ~made.one_way
    chosen = np.random.default_rng(2).choice(len(made.nodes), SITES + DISTRICTS, replace=False)
    return Arcs(
        nodes=len(made.nodes),
        tail=np.r_[made.start, made.end[back]],
        head=np.r_[made.end, made.start[back]],
        minutes=np.r_[minutes, minutes[back]],
        districts=chosen[SITES:],
        sites=chosen[:SITES],
    )


def by_scipy() -> Found:
    """`scipy.sparse.csgraph.dijkstra`, as ours: from each site, the roads turned around."""
    given, start = arcs(), process_time()
    matrix = csr_array((given.minutes, (given.head, given.tail)), shape=(given.nodes,) * 2)
    prepared = process_time()
    minutes = dijkstra(matrix, indices=given.sites)[:, given.districts]
    return Found(prepared - start, process_time() - prepared, minutes)


def by_igraph() -> Found:
    """`igraph.Graph.distances`, Dijkstra's algorithm in C."""
    import igraph

    given, start = arcs(), process_time()
    graph = igraph.Graph(given.nodes, np.column_stack((given.tail, given.head)), directed=True)
    prepared = process_time()
    minutes = graph.distances(
        given.sites.tolist(), given.districts.tolist(), given.minutes.tolist(), mode="in"
    )
    return Found(prepared - start, process_time() - prepared, np.array(minutes))


def by_pandana() -> Found:
    """`pandana.Network.shortest_path_lengths`, contraction hierarchies."""
    import pandana
    import pandas as pd

    given, x, start = arcs(), streets().nodes, process_time()
    tail, head = pd.Series(given.tail), pd.Series(given.head)
    weights = pd.DataFrame({"minutes": given.minutes})
    graph = pandana.Network(pd.Series(x[:, 0]), pd.Series(x[:, 1]), tail, head, weights, False)
    prepared = process_time()
    warnings.simplefilter("ignore")  # it names every pair without a way
    lengths = graph.shortest_path_lengths(
        np.tile(given.districts, SITES), np.repeat(given.sites, DISTRICTS), "minutes"
    )
    minutes = np.array(lengths).reshape(SITES, DISTRICTS)
    return Found(prepared - start, process_time() - prepared, minutes)


def from_pbf() -> Timed:
    """Read OpenStreetMap, snap and search."""
    made = streets()
    with tempfile.TemporaryDirectory() as folder:
        path = write_pbf(
            Path(folder) / "made.osm.pbf",
            {number: (x, y) for number, (x, y) in enumerate(made.nodes.tolist(), start=1)},
            [
                (
                    (u + 1, v + 1),
                    {
                        "highway": "unclassified",
                        "maxspeed": f"{kmh:.0f}",
                        "oneway": "yes" if one_way else "no",
                    },
                )
                for u, v, kmh, one_way in zip(
                    *(each.tolist() for each in (made.start, made.end, made.kmh, made.one_way)),
                    strict=True,
                )
            ],
        )
        return _timed(made, lambda: read_osm(path, "car"))


def from_layer() -> Timed:
    """Read a layer of lines, snap and search."""
    made = streets()
    with tempfile.TemporaryDirectory() as folder:
        key = np.column_stack((made.start, made.end)).ravel()
        lines = shapely.linestrings(made.nodes[key].reshape(-1, 2, 2))
        path = write_layer(
            Path(folder) / "made.gpkg", lines, kmh=made.kmh, one_way=made.one_way.astype(int)
        )
        choice = LineChoice(speed_column="kmh", oneway_column="one_way")
        return _timed(made, lambda: read_lines(path, choice, "car"))


def _timed(made: Streets, read: Callable[[], Network]) -> Timed:
    start = monotonic()
    roads_read = read()
    done = monotonic()
    sites, districts = ends(made)
    times = road_times(roads_read, sites, districts, SNAP_LIMIT_M, OFF_ROAD_KMH["car"])
    assert np.isfinite(times.minutes).mean() > 0.9
    return Timed({"read": done - start, "snap and search": monotonic() - done})


def _compared(minutes: Floats, reference: Floats) -> tuple[float, str]:
    """The largest difference where there is a way, and what stands where there is none."""
    way = np.isfinite(reference)
    elsewhere = np.unique(minutes[~way])
    shown = ", ".join(f"{value:.10g}" for value in elsewhere[:3])
    both = way & (minutes < _HUGE)
    return float(np.abs(minutes[both] - reference[both]).max()), shown
