"""A small server that answers as OSRM and Valhalla do, and fails when it is told to."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from geodata.crs import geodesic_km

KMH = 60  # every journey is the straight line at one minute for each kilometre
FARTHEST_LON = 12.0  # east of this there is no road to be had
NO_WAY_LAT = 62.0  # north of this there is a road, and no way to it


class TravelServer(ThreadingHTTPServer):
    """`failures` are answered first, one for each request: (status, headers, body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failures: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[str] = []
        self.largest = 0  # points of one request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def travel_server() -> Iterator[TravelServer]:
    server = TravelServer()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: TravelServer

    def do_GET(self) -> None:
        if self._fails():
            return
        address = urlsplit(self.path)
        found = re.fullmatch(r"/(?:osrm/)?table/v1/(\w+)/([^/]+)", address.path)
        if found is None:
            self._say(404, {"code": "InvalidUrl"})
            return
        points = [[float(x) for x in place.split(",")] for place in found[2].split(";")]
        query = {key: value[0] for key, value in parse_qs(address.query).items()}
        start, end = (
            [points[int(number)] for number in query[name].split(";")]
            for name in ("sources", "destinations")
        )
        self.server.largest = max(self.server.largest, len(points))
        self._say(
            200,
            {
                "code": "Ok",
                "durations": [[_seconds(a, b) for b in end] for a in start],
                "sources": [{"location": a, "distance": _off(a)} for a in start],
                "destinations": [{"location": b, "distance": _off(b)} for b in end],
            },
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._fails():
            return
        if self.path == "/locate":
            self._say(200, [_located(_point(each)) for each in body["locations"]])
        elif self.path == "/sources_to_targets":
            start, end = ([_point(each) for each in body[name]] for name in ("sources", "targets"))
            self.server.largest = max(self.server.largest, len(start) + len(end))
            rows = [[{"time": _seconds(a, b)} for b in end] for a in start]
            self._say(200, {"sources_to_targets": rows})
        else:
            self._say(404, {"error": "Try any of: 'locate' 'sources_to_targets'"})

    def _fails(self) -> bool:
        self.server.asked.append(self.path)
        if not self.server.failures:
            return False
        status, headers, body = self.server.failures.pop(0)
        self._send(status, headers, body)
        return True

    def _say(self, status: int, answer: Any) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


def _point(location: dict[str, float]) -> list[float]:
    return [location["lon"], location["lat"]]


def _seconds(start: list[float], end: list[float]) -> float | None:
    if start[1] > NO_WAY_LAT or end[1] > NO_WAY_LAT:
        return None
    return _metres(start, end) / 1000 / KMH * 3600


def _metres(start: list[float], end: list[float]) -> float:
    return float(1000 * geodesic_km(np.array(start), np.array(end)))


def _off(point: list[float]) -> float:
    return 9000.0 if point[0] > FARTHEST_LON else 30.0


def _located(point: list[float]) -> dict[str, Any]:
    if point[0] > FARTHEST_LON:
        return {"input_lon": point[0], "input_lat": point[1], "edges": None}
    edge = {"correlated_lon": point[0], "correlated_lat": point[1] + 30 / 111_400}
    far = {"correlated_lon": point[0], "correlated_lat": point[1] + 1}
    return {"input_lon": point[0], "input_lat": point[1], "edges": [far, edge]}
