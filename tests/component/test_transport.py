"""Who is served where: column generation in blocks gives the optimum of all links at once."""

import numpy as np
import pytest
from scipy.optimize import linprog

from solver import SitingInstance
from solver.engine.transport import Halted, Transport
from tests.siting import care_type, district, instance_of, scenario, site


def land(limit_minutes: int | None, seed: int = 1) -> SitingInstance:
    """Forty districts on a line, thirty sites of two care types; `m` is served by one of them."""
    rng = np.random.default_rng(seed)
    homes = {f"d{number:02}": float(at) for number, at in enumerate(rng.integers(0, 200, 40))}
    sites = {f"s{number:02}": float(at) for number, at in enumerate(rng.integers(0, 200, 30))}
    return instance_of(
        scenario(
            care_types={"p": care_type("n"), "q": care_type("nm")},
            districts={
                i: {"need": {"n": int(rng.integers(0, 9)), "m": int(rng.integers(0, 4))}}
                for i in homes
            },
            sites={j: {"places": {"p": 1, "q": 1}} for j in sites},
            minutes={j: {i: 1 + abs(x - y) for i, y in homes.items()} for j, x in sites.items()},
            travel={"limit_minutes": limit_minutes},
            unmet_nok=150,
        )
    )


def optimum_of_all_links(transport: Transport, need: np.ndarray, places: np.ndarray) -> float:
    links = np.argwhere(np.isfinite(transport.cost))
    rows, pairs = len(need), len(places)
    columns = np.arange(len(links))
    balance = np.hstack([np.zeros((rows, len(links))), np.eye(rows)])
    balance[links[:, 0], columns] = 1
    room = np.zeros((pairs, len(links) + rows))
    room[links[:, 1], columns] = 1
    price = np.concatenate([transport.cost[tuple(links.T)], np.full(rows, transport.unmet_price)])
    return float(linprog(price, room, places, balance, need).fun)


@pytest.mark.parametrize("limit", [None, 3, 20])
def test_column_generation_finds_the_optimum_of_all_links(limit: int | None) -> None:
    transport = Transport(land(limit))
    need = transport.need(0)
    rng = np.random.default_rng(2)
    for most in (2, 6, 30):
        places = rng.integers(0, most, len(transport.pairs)).astype(float)
        served = transport.solve(need, places)
        assert served.cost == pytest.approx(optimum_of_all_links(transport, need, places))
        assert served.costs.sum() == pytest.approx(served.cost)
        given = np.bincount(served.links[:, 0], served.served, len(need))
        assert given + served.unmet == pytest.approx(need)
        used = np.bincount(served.links[:, 1], served.served, len(places))
        assert (used <= places + 1e-9).all()


def test_blocks_share_no_link() -> None:
    transport = Transport(land(3))
    assert transport.blocks > 2
    rows, pairs = np.nonzero(np.isfinite(transport.cost))
    assert (transport.block_of_row[rows] == transport.block_of_pair[pairs]).all()
    assert Transport(land(None)).blocks == 1


def test_each_block_has_a_bound_of_its_own() -> None:
    """Σ α d − Σ β b over a block, for made-up β ≥ 0, never exceeds the block's cost."""
    transport = Transport(land(10))
    rng = np.random.default_rng(3)
    places = rng.integers(0, 5, len(transport.pairs)).astype(float)
    served = transport.solve(transport.need(0), places)
    for _ in range(20):
        prices = rng.exponential(20.0, len(transport.pairs))
        paid = transport.prices_of_need(prices) * transport.need(0)
        for block in range(transport.blocks):
            mine = transport.block_of_pair == block
            bound = paid[transport.block_of_row == block].sum() - (prices * places)[mine].sum()
            assert bound <= served.costs[block] + 1e-6


def test_nobody_is_served_without_sites_in_reach() -> None:
    document = scenario(
        districts={"a": district(2), "b": district(1)}, sites={"s": site(5)}, unmet_nok=10
    )
    transport = Transport(instance_of(document))
    served = transport.solve(transport.need(0), np.array([5.0]))
    assert served.cost == pytest.approx(30)
    assert served.unmet == pytest.approx([2, 1])


def test_nobody_is_served_where_no_place_can_be() -> None:
    document = scenario(districts={"a": district(2)}, sites={"s": site()}, unmet_nok=10)
    transport = Transport(instance_of(document))
    assert transport.pairs == ()
    assert transport.solve(transport.need(0), np.zeros(0)).cost == pytest.approx(20)


def test_it_stops_when_asked() -> None:
    transport = Transport(land(None))
    with pytest.raises(Halted):
        transport.solve(transport.need(0), np.ones(len(transport.pairs)), lambda: True)
