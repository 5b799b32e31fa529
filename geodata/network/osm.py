"""Networks from OpenStreetMap extracts (`.osm.pbf`), read with pyosmium."""

from array import array
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from geodata.crs import geodesic_km
from geodata.network.errors import NetworkInvalid
from geodata.network.graph import Floats, Ints, Network, Vertices, make_network
from geodata.network.osm_tags import Speeds, way_speeds
from geodata.network.profiles import Mode

Run = tuple[list[int], list[float]]
"""Ids of nodes one after the other, and lon, lat, lon, lat … of the same."""


def read_osm(path: Path, mode: Mode) -> Network:
    """The ways that are open to `mode`, joined at the nodes they share.

    A way that an extract has cut is kept as far as its nodes are there. Turn restrictions are not
    read. Raises `NetworkInvalid` for a file that is no PBF or has no such way.
    """
    try:
        ways = _collect(path, mode)
    except RuntimeError as error:  # what osmium raises for whatever it cannot read
        raise NetworkInvalid(
            "network_unreadable",
            f"«{path}» kan ikke leses som OSM PBF ({error}). Last ned fila på nytt, eller lag den "
            "med «osmium extract».",
        ) from error
    if not ways.forward:
        raise NetworkInvalid(
            "network_empty",
            f"«{path}» har ingen veger som er åpne for denne reisemåten. Kontroller at utsnittet "
            "dekker kommunen, og at vegene er med.",
        )
    return make_network(ways.vertices(), np.array(ways.forward), np.array(ways.backward))


def osm_date(path: Path) -> date | None:
    """When the extract was taken from the database, if its header says so."""
    try:
        with osmium.io.Reader(_pbf(path), osmium.osm.NOTHING) as reader:
            stamp = reader.header().get("osmosis_replication_timestamp")
        return datetime.fromisoformat(stamp).date() if stamp else None
    except (RuntimeError, ValueError):
        return None


@dataclass
class _Ways:
    """Ways one after the other: a vertex has its way, node id and position."""

    line: "array[int]" = field(default_factory=lambda: array("q"))
    node: "array[int]" = field(default_factory=lambda: array("q"))
    lonlat: "array[float]" = field(default_factory=lambda: array("d"))
    forward: "array[float]" = field(default_factory=lambda: array("d"))
    backward: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, nodes: list[int], lonlat: list[float], speeds: Speeds) -> None:
        self.line.extend([len(self.forward)] * len(nodes))
        self.node.extend(nodes)
        self.lonlat.extend(lonlat)
        self.forward.append(speeds.forward)
        self.backward.append(speeds.backward)

    def vertices(self) -> Vertices:
        nodes: Ints = np.array(self.node, dtype=np.int64)
        _, key, uses = np.unique(nodes, return_inverse=True, return_counts=True)
        lonlat: Floats = np.array(self.lonlat).reshape(-1, 2)
        return Vertices(np.array(self.line, dtype=np.int64), lonlat, key, uses[key] > 1)


def _collect(path: Path, mode: Mode) -> _Ways:
    ways = _Ways()
    only_ways = osmium.filter.EntityFilter(osmium.osm.WAY)
    roads = osmium.filter.KeyFilter("highway", "route")
    found = osmium.FileProcessor(_pbf(path)).with_locations()
    way: Any
    for way in found.with_filter(only_ways).with_filter(roads):
        runs = _runs(way.nodes)
        tags = {tag.k: tag.v for tag in way.tags}
        speeds = way_speeds(tags, mode, partial(_kilometres, runs))
        if speeds is not None:
            for nodes, lonlat in runs:
                ways.add(nodes, lonlat, speeds)
    return ways


def _pbf(path: Path) -> Any:
    """By its format's name: not whatever the file's name could make osmium think of."""
    return osmium.io.File(str(path), "pbf")


def _runs(way_nodes: Any) -> list[Run]:
    """A way's nodes, parted where one is not in the extract."""
    runs: list[Run] = [([], [])]
    for node in way_nodes:
        if not node.location.valid():
            runs.append(([], []))
            continue
        nodes, lonlat = runs[-1]
        nodes.append(node.ref)
        lonlat += (node.location.lon, node.location.lat)
    return [run for run in runs if len(run[0]) > 1]


def _kilometres(runs: list[Run]) -> float:
    lines = [np.array(lonlat).reshape(-1, 2) for _, lonlat in runs]
    return float(sum(geodesic_km(line[:-1], line[1:]).sum() for line in lines))
