"""The client of matrix services, against a small server of our own."""

import socket
from math import inf

import numpy as np
import pytest

from geodata.crs import geodesic_km
from geodata.network.errors import NetworkInvalid, TravelServiceFailed
from geodata.network.service import ServiceAddress, service_times, shown_address
from tests.travel_server import travel_server

SITES = np.array([[10.4, 61.1], [10.5, 61.2], [13.0, 61.0], [10.4, 62.5]])  # far off, no way
DISTRICTS = np.array([[10.45, 61.12], [10.3, 61.0], [10.6, 61.3]])
OFF_ROAD = 2 * 0.030 / 20 * 60  # 30 m at 20 km/h at both ends


@pytest.fixture
def server():
    with travel_server() as running:
        yield running


def times(server, kind="osrm", sites=SITES, districts=DISTRICTS, limit=500, mode="car", **more):
    pauses = []
    address = ServiceAddress(kind, more.get("url", server.url), more.get("timeout_s", 5))
    found = service_times(address, mode, sites, districts, limit, pauses.append)
    return found, pauses


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
def test_a_matrix(server, kind):
    found, pauses = times(server, kind)
    kilometres = geodesic_km(SITES[:, None], DISTRICTS[None])
    assert found.minutes[:2] == pytest.approx(kilometres[:2] + OFF_ROAD, abs=0.01)
    assert (found.minutes[2:] == inf).all()  # beyond the limit; on a road without a way
    assert found.site_metres == pytest.approx([30, 30, inf, 30], abs=1)
    assert pauses == []


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
def test_a_large_matrix_is_asked_for_in_pieces(server, kind):
    rng = np.random.default_rng(1)
    sites, districts = (
        np.column_stack((rng.uniform(10, 11, n), rng.uniform(60, 61.9, n))) for n in (60, 130)
    )
    found, _ = times(server, kind, sites, districts)
    kilometres = geodesic_km(sites[:, None], districts[None])
    assert found.minutes == pytest.approx(kilometres + OFF_ROAD, abs=0.01)
    assert server.largest <= 100


def test_what_is_beyond_the_limit_is_not_asked_for(server):
    found, _ = times(server, limit=10)
    assert (found.minutes == inf).all()
    assert len(server.asked) == 2  # where the sites are, where the districts are


def test_a_service_below_a_folder(server):
    found, _ = times(server, url=f"{server.url}/osrm")
    assert np.isfinite(found.minutes[:2]).all()


def test_the_way_of_travelling_is_told(server):
    times(server, mode="foot")
    assert all("/walking/" in path for path in server.asked)


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again(server, kind, status):
    server.failures += [(status, {}, b""), (status, {"Retry-After": "7"}, b"")]
    found, pauses = times(server, kind)
    assert np.isfinite(found.minutes[:2]).all()
    assert pauses == [0.5, 7]


def test_a_service_cannot_ask_for_a_day_s_pause(server):
    server.failures += [(503, {"Retry-After": "86400"}, b"")]
    assert times(server)[1] == [30]


def failure(server, **given):
    with pytest.raises(TravelServiceFailed) as raised:
        times(server, **given)
    return raised.value.detail


def test_in_the_end_it_gives_up(server):
    server.failures += [(503, {}, b"busy\x1b[31m\n now")] * 4
    assert failure(server).endswith("svarer 503: busy[31m now")
    assert len(server.asked) == 4


def test_a_refusal_is_not_tried_again(server):
    server.failures += [(400, {}, b'{"code": "TooBig"}')]
    assert failure(server).endswith('svarer 400: {"code": "TooBig"}')
    assert len(server.asked) == 1


def test_nobody_is_there(server):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://name:secret@127.0.0.1:{held.getsockname()[1]}"
        said = failure(server, url=url)
    assert "svarer ikke (ConnectError)" in said
    assert "secret" not in said


def test_a_service_that_says_nothing(server):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "(ReadTimeout)" in failure(server, url=url, timeout_s=0.1)


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"null",
        b'{"code": "NoTable"}',
        b'{"code": "Ok", "sources": [{"distance": 1}]}',
        b'{"code": "Ok", "sources": [{"distance": "far"}, {}, {}, {}]}',
        b'[{"edges": [{"correlated_lon": 1}]}, {}, {}, {}]',
        b'{"code": "Ok", "sources": [{"distance": -1}, {"distance": 1}, {"distance": 1}, '
        b'{"distance": 1}]}',
    ],
)
def test_answers_of_no_use(server, kind, body):
    server.failures += [(200, {}, body)]
    assert "svarer" in failure(server, kind=kind)


@pytest.mark.parametrize(
    "rows",
    [
        b"[[1, 2, 3]]",
        b"[[1, 2], [3]]",
        b'[["a", 1, 1, 1]]',
        b"[[NaN, 1, 1], [1, 1, 1], [1, 1, 1]]",
        b"[[-1, 1, 1], [1, 1, 1], [1, 1, 1]]",
    ],
)
def test_matrices_of_no_use(server, rows):
    places = b'{"code": "Ok", "sources": [' + b",".join([b'{"distance": 1}'] * 3) + b"]}"
    server.failures += [
        (200, {}, places),
        (200, {}, places),
        (200, {}, b'{"code": "Ok", "durations": ' + rows + b"}"),
    ]
    assert "svarer ikke slik tjenesten skal" in failure(server, sites=SITES[:3])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:5000",
        "ftp://a",
        "file:///etc/passwd",
        "http://",
        "http://a/?b=c",
        "http://a:x",
    ],
)
def test_addresses_of_no_use(server, url):
    with pytest.raises(NetworkInvalid) as raised:
        times(server, url=url)
    assert raised.value.code == "address_invalid"


def test_an_address_is_shown_without_its_secret():
    assert shown_address("https://me:secret@routes.example:81/a") == "https://routes.example:81/a"
