"""Snapping to a network, and shortest times on it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.crs import PLANAR, WGS84, geodesic_km, project_coordinates
from geodata.network.graph import Floats, Ints, Mask, Network

NOWHERE = -1
_AT_NODE_M = 0.1  # nearer to a node than this is at the node, whatever the link's directions
_PLANAR_STRETCH = 1.1  # EPSG:25832 is this much too long at most, in Vardø
_TARGETS_AT_A_TIME = 64  # rows of minutes to every node of the network held at the same time


@dataclass(frozen=True)
class RoadTimes:
    """`minutes` (sites, districts) from district to site, inf where there is no way.

    `site_metres` and `district_metres` are how far each lies from the road it is snapped to, inf
    where none is within the limit; `site_detached` and `district_detached` whether that road is
    known to hang together with another part of the network than the largest.
    """

    minutes: Floats
    site_metres: Floats
    district_metres: Floats
    site_detached: Mask
    district_detached: Mask


class Snapped(NamedTuple):
    """Where each of n points is on a network: `link` (n,), NOWHERE when no link is near enough,
    `fraction` (n,) of the link from its start, and `metres` (n,) away from it.
    """

    link: Ints
    fraction: Floats
    metres: Floats


def road_times(
    network: Network, sites: Floats, districts: Floats, snap_limit_m: float, off_road_kmh: float
) -> RoadTimes:
    """Shortest times from `districts` to `sites` (lon, lat of shapes (n, 2)).

    From a point to the nearest place on a road, at most `snap_limit_m` away, it is the straight
    line at `off_road_kmh`; the same at the other end.
    """
    ends = snap(network, np.vstack([sites, districts]), snap_limit_m)
    on_road = shortest_minutes(network, ends, len(sites))
    metres = ends.metres[: len(sites)], ends.metres[len(sites) :]
    detached = _detached(network, ends)
    return RoadTimes(
        with_off_road(on_road, *metres, off_road_kmh),
        *metres,
        detached[: len(sites)],
        detached[len(sites) :],
    )


def with_off_road(
    on_road: Floats, site_metres: Floats, district_metres: Floats, off_road_kmh: float
) -> Floats:
    """Minutes (sites, districts) on the road, with what is before and after it."""
    off_road_metres = site_metres[:, None] + district_metres[None, :]
    minutes: Floats = on_road + 60 * off_road_metres / 1000 / off_road_kmh
    return minutes


def snap(network: Network, points: Floats, limit_m: float) -> Snapped:
    """The nearest place on the network for each point (lon, lat); of links as near the first."""
    planar = project_coordinates(points)
    asked, found = shapely.STRtree(network.lines).query_nearest(
        shapely.points(planar), max_distance=limit_m * _PLANAR_STRETCH, all_matches=True
    )
    order = np.lexsort((found, asked))
    near, first = np.unique(asked[order], return_index=True)
    link = np.full(len(points), NOWHERE)
    fraction, metres = np.zeros(len(points)), np.full(len(points), np.inf)
    link[near] = found[order][first]
    lines = network.lines[link[near]]
    along = shapely.line_locate_point(lines, shapely.points(planar[near]))
    places = shapely.get_coordinates(shapely.line_interpolate_point(lines, along))
    metres[near] = 1000 * geodesic_km(
        points[near], project_coordinates(places, source=PLANAR, target=WGS84)
    )
    fraction[near] = _fractions(along, shapely.length(lines))
    too_far = metres > limit_m
    link[too_far], metres[too_far] = NOWHERE, np.inf
    return Snapped(link, fraction, metres)


def _fractions(along: Floats, length: Floats) -> Floats:
    """Fractions of the lines' lengths, exactly 0 or 1 at their nodes."""
    fractions = np.where(along < _AT_NODE_M, 0.0, along / length)
    return np.where(length - along < np.minimum(_AT_NODE_M, length / 2), 1.0, fractions)


def shortest_minutes(network: Network, ends: Snapped, sites: int) -> Floats:
    """Minutes on the network, shape (sites, districts): the first `sites` of `ends` are sites.

    Dijkstra's algorithm, as scipy has it, from each site along the roads turned around.
    """
    reversed_roads, at = _with_ends(network, ends)
    minutes = np.full((sites, len(at) - sites), np.inf)
    on_network = np.flatnonzero(at[:sites] != NOWHERE)
    reached = np.flatnonzero(at[sites:] != NOWHERE)
    for begin in range(0, len(on_network), _TARGETS_AT_A_TIME):
        rows = on_network[begin : begin + _TARGETS_AT_A_TIME]
        to_sites = dijkstra(reversed_roads, indices=at[rows])
        minutes[np.ix_(rows, reached)] = to_sites[:, at[sites:][reached]]
    return minutes


def _with_ends(network: Network, ends: Snapped) -> tuple[csr_array, Ints]:
    """The network turned around, its links split where the ends are, and the node of each end."""
    at = np.full(len(ends.link), NOWHERE)
    on = ends.link != NOWHERE
    at[on & (ends.fraction == 0)] = network.start[ends.link[on & (ends.fraction == 0)]]
    at[on & (ends.fraction == 1)] = network.end[ends.link[on & (ends.fraction == 1)]]
    between = on & (at == NOWHERE)
    cuts, which = np.unique(
        np.column_stack((ends.link[between], ends.fraction[between])), axis=0, return_inverse=True
    )
    at[between] = network.nodes + which.ravel()
    links = np.arange(len(network.start))
    link = np.r_[links, links, cuts[:, 0].astype(np.int64)]
    fraction = np.r_[np.zeros(len(links)), np.ones(len(links)), cuts[:, 1]]
    node = np.r_[network.start, network.end, network.nodes + np.arange(len(cuts))]
    order = np.lexsort((fraction, link))
    link, fraction, node = link[order], fraction[order], node[order]
    piece = np.flatnonzero(link[1:] == link[:-1])
    share = fraction[piece + 1] - fraction[piece]
    tail, head, of = node[piece], node[piece + 1], link[piece]
    return (
        _shortest_arcs(
            np.r_[head, tail],
            np.r_[tail, head],
            np.r_[share * network.forward[of], share * network.backward[of]],
            network.nodes + len(cuts),
        ),
        at,
    )


def _shortest_arcs(tail: Ints, head: Ints, minutes: Floats, nodes: int) -> csr_array:
    """A matrix of arcs; of parallel arcs the shortest, for scipy would add them up."""
    order = np.lexsort((minutes, head, tail))
    order = order[np.isfinite(minutes[order])]
    tail, head, minutes = tail[order], head[order], minutes[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return csr_array((minutes[first], (tail[first], head[first])), shape=(nodes, nodes))


def parts(network: Network) -> Ints:
    """The connected part that each link is in, whatever the directions; 0 has the most links."""
    ones = np.ones(len(network.start))
    joined = csr_array((ones, (network.start, network.end)), shape=(network.nodes,) * 2)
    _, part = connected_components(joined, directed=False)
    rank = np.argsort(np.argsort(-np.bincount(part[network.start]), kind="stable"))
    return np.asarray(rank[part[network.start]], dtype=np.int64)


def _detached(network: Network, ends: Snapped) -> Mask:
    on: Mask = ends.link != NOWHERE
    return np.asarray(on & (parts(network)[ends.link] > 0), dtype=bool)
