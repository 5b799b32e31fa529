"""Shortest times are those of Dijkstra's algorithm on the nodes, for any network and any ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from geodata.network.graph import Network
from geodata.network.times import NOWHERE, Snapped, shortest_minutes


def random_network(rng, nodes, links, one_way):
    start, end = rng.integers(0, nodes, (2, links))
    minutes = rng.choice([0.5, 1.0, 2.0, 7.25], (2, links)) + rng.choice([0, 0.125], (2, links))
    closed = rng.random((2, links)) < one_way
    closed[1] &= ~closed[0]
    forward, backward = np.where(closed, np.inf, minutes)
    return Network(nodes, start, end, np.empty(links, dtype=object), forward, backward)


def between_nodes(network):
    """Minutes between all nodes: scipy's Dijkstra on a dense matrix, inf where there is no arc."""
    arcs = np.full((network.nodes,) * 2, np.inf)
    np.minimum.at(arcs, (network.start, network.end), network.forward)
    np.minimum.at(arcs, (network.end, network.start), network.backward)
    return dijkstra(np.where(np.isfinite(arcs), arcs, 0))


def part(share, minutes):
    """Of a link that may be closed: none of it is no time."""
    return 0.0 if share == 0 else share * minutes


def leaving(network, link, fraction):
    """(node, minutes) by which one leaves a place on a link; at a node every road is open."""
    if fraction in (0, 1):
        return [((network.start if fraction == 0 else network.end)[link], 0.0)]
    return [
        (network.end[link], part(1 - fraction, network.forward[link])),
        (network.start[link], part(fraction, network.backward[link])),
    ]


def arriving(network, link, fraction):
    """(node, minutes) by which one comes to a place on a link."""
    if fraction in (0, 1):
        return leaving(network, link, fraction)
    return [
        (network.start[link], part(fraction, network.forward[link])),
        (network.end[link], part(1 - fraction, network.backward[link])),
    ]


def shortest(network, apart, start, end):
    """Through the ends of the links, or along the link that both are on."""
    ways = [
        before + apart[u, v] + after
        for u, before in leaving(network, *start)
        for v, after in arriving(network, *end)
    ]
    (link, f), (other, g) = start, end
    if link == other:
        along = (network.forward if g >= f else network.backward)[link]
        ways.append(part(abs(g - f), along))
    return min(ways)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    nodes=st.integers(1, 12),
    links=st.integers(1, 25),
    one_way=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_equal_to_dijkstra(seed, nodes, links, one_way):
    rng = np.random.default_rng(seed)
    network = random_network(rng, nodes, links, one_way)
    apart = between_nodes(network)
    link = rng.integers(0, links, 9)
    fraction = rng.choice([0.0, 0.25, 0.25, 0.5, 1.0], 9)
    off = rng.random(9) < 0.1
    ends = Snapped(np.where(off, NOWHERE, link), fraction, np.where(off, np.inf, 0.0))
    found = shortest_minutes(network, ends, 4)
    places = list(zip(link, fraction, strict=True))
    for site in range(4):
        for district in range(4, 9):
            expected = np.inf
            if not (off[site] or off[district]):
                expected = shortest(network, apart, places[district], places[site])
            assert found[site, district - 4] == pytest.approx(expected, rel=1e-12)
