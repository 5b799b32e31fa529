"""Travel times from a matrix service, OSRM's or Valhalla's, at an address that the operator gives.

OSRM: `/table/v1`, https://project-osrm.org/docs/v5.24.0/api/#table-service. Valhalla: `/locate` and
`/sources_to_targets`, https://valhalla.github.io/valhalla/api/matrix/api-reference/.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import httpx
import numpy as np

from geodata.crs import geodesic_km
from geodata.network.errors import NetworkInvalid, TravelServiceFailed
from geodata.network.graph import Floats
from geodata.network.profiles import OFF_ROAD_KMH, Mode, ServiceKind
from geodata.network.times import RoadTimes, with_off_road

# As each server allows by default: OSRM 100 points in all, Valhalla 50 × 50 pairs and 20 to locate.
_POINTS = 50
_LOCATED = 20
_ATTEMPTS = 4
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_TRY_AGAIN = {429, 502, 503, 504}
_MOST_SHOWN = 200


@dataclass(frozen=True)
class ServiceAddress:
    """Where a service is, what it speaks, and how long one answer may take."""

    kind: ServiceKind
    url: str
    timeout_s: float


def service_times(
    address: ServiceAddress,
    mode: Mode,
    sites: Floats,
    districts: Floats,
    snap_limit_m: float,
    pause: Callable[[float], None] = time.sleep,
) -> RoadTimes:
    """Times from `districts` to `sites` (lon, lat of shapes (n, 2)), asked for in pieces.

    What is on no road within the limit, or has no way, is inf; the stretch to the road is added as
    for a network of our own. An answer that fails in passing is asked for again.

    Raises `NetworkInvalid` for an address that is none, `TravelServiceFailed` when the service does
    not answer, or with something else.
    """
    with _Server(address, pause) as server:
        table = _TABLES[address.kind](server, mode)
        site_metres = _within(table.metres_off(sites), snap_limit_m)
        district_metres = _within(table.metres_off(districts), snap_limit_m)
        minutes = np.full((len(sites), len(districts)), np.inf)
        rows, columns = np.isfinite(site_metres), np.isfinite(district_metres)
        for some_sites in _pieces(np.flatnonzero(rows), _POINTS):
            for some in _pieces(np.flatnonzero(columns), _POINTS):
                seconds = table.seconds(districts[some], sites[some_sites])
                minutes[np.ix_(some_sites, some)] = seconds.T / 60
    off_road_kmh = OFF_ROAD_KMH[mode]
    return RoadTimes(
        with_off_road(minutes, site_metres, district_metres, off_road_kmh),
        site_metres,
        district_metres,
        np.zeros(len(sites), dtype=bool),
        np.zeros(len(districts), dtype=bool),
    )


def _within(metres: Floats, limit_m: float) -> Floats:
    return np.where(metres <= limit_m, metres, np.inf)


def _pieces(values: Any, size: int) -> Iterator[Any]:
    for begin in range(0, len(values), size):
        yield values[begin : begin + size]


class _Server(AbstractContextManager["_Server"]):
    """Asks, and asks again where that may help."""

    def __init__(self, address: ServiceAddress, pause: Callable[[float], None]) -> None:
        url = _checked(address.url)
        self._pause = pause
        self._shown = shown_address(address.url)
        self._client = httpx.Client(
            base_url=url, timeout=address.timeout_s, headers={"User-Agent": "flerkjerne"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **query: str) -> Any:
        """The JSON of an answer."""
        return self._answer(lambda: self._client.get(path, params=query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of an answer."""
        return self._answer(lambda: self._client.post(path, json=body))

    def failure(self, what: str) -> TravelServiceFailed:
        """An error that names the service."""
        return TravelServiceFailed(
            "travel_service_failed", f"Reisetidstjenesten {self._shown} {what}"
        )

    def _answer(self, ask: Callable[[], httpx.Response]) -> Any:
        for attempt in range(1, _ATTEMPTS + 1):
            asked_to_wait: str | None = None
            try:
                response = ask()
            except httpx.TransportError as error:
                failure = self.failure(
                    f"svarer ikke ({type(error).__name__}). Kontroller adressen, og at den kjører."
                )
            else:
                if response.status_code not in _TRY_AGAIN:
                    return self._json(response)
                asked_to_wait = response.headers.get("Retry-After")
                failure = self._refusal(response)
            if attempt < _ATTEMPTS:
                self._pause(_pause_s(attempt, asked_to_wait))
        raise failure

    def _json(self, response: httpx.Response) -> Any:
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        try:
            return response.json()
        except ValueError as error:
            raise self.failure("svarer med noe annet enn JSON. Kontroller adressen.") from error

    def _refusal(self, response: httpx.Response) -> TravelServiceFailed:
        said = " ".join(response.text[:_MOST_SHOWN].split())
        printable = "".join(each for each in said if each.isprintable())
        return self.failure(f"svarer {response.status_code}: {printable}")


def _pause_s(attempt: int, asked_to_wait: str | None) -> float:
    """Twice as long for each attempt; as long as the service asks for, within reason."""
    usual = _FIRST_PAUSE_S * 2.0 ** (attempt - 1)
    if asked_to_wait is None or not asked_to_wait.isdecimal():
        return usual
    return min(max(usual, float(asked_to_wait)), _LONGEST_PAUSE_S)


def _checked(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise NetworkInvalid(
            "address_invalid",
            "Adressen til reisetidstjenesten må være som http://localhost:5000, uten ? og #.",
        )
    return url


def shown_address(text: str) -> str:
    """An address without name and password. Raises `NetworkInvalid` when it is none."""
    return str(_checked(text).copy_with(username=None, password=None))


class _Table(ABC):
    """A service's way of being asked."""

    def __init__(self, server: _Server, mode: Mode) -> None:
        self._server = server
        self._mode = mode

    @abstractmethod
    def metres_off(self, points: Floats) -> Floats:
        """How far each point is from the road it would be snapped to; inf where there is none."""

    @abstractmethod
    def seconds(self, start: Floats, end: Floats) -> Floats:
        """Times of shape (start, end); inf where there is no way."""

    def _read(self, read: Callable[[], Floats], shape: tuple[int, ...]) -> Floats:
        """What an answer holds, seen to be as many figures as were asked for, none below zero."""
        try:
            values = read()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise self._unexpected() from error
        if values.shape != shape or not (values >= 0).all():
            raise self._unexpected()
        return values

    def _unexpected(self) -> TravelServiceFailed:
        return self._server.failure(
            "svarer ikke slik tjenesten skal. Kontroller at --service sier hva den er."
        )


class _Osrm(_Table):
    _PROFILES: Mapping[Mode, str] = {"car": "driving", "bicycle": "cycling", "foot": "walking"}

    def metres_off(self, points: Floats) -> Floats:
        pieces = [self._nearest(points[some]) for some in _pieces(np.arange(len(points)), _POINTS)]
        return np.concatenate(pieces)

    def _nearest(self, points: Floats) -> Floats:
        """A table tells where its points were snapped to; that from the first point is least."""
        answer = self._table(points, points[:1])
        return self._read(
            lambda: np.array([float(each["distance"]) for each in answer["sources"]]),
            (len(points),),
        )

    def seconds(self, start: Floats, end: Floats) -> Floats:
        answer = self._table(start, end)
        return self._read(
            lambda: np.array([[_or_inf(each) for each in row] for row in answer["durations"]]),
            (len(start), len(end)),
        )

    def _table(self, start: Floats, end: Floats) -> Any:
        places = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in np.vstack([start, end]).tolist())
        numbers = [str(number) for number in range(len(start) + len(end))]
        answer = self._server.get(
            f"table/v1/{self._PROFILES[self._mode]}/{places}",
            sources=";".join(numbers[: len(start)]),
            destinations=";".join(numbers[len(start) :]),
            annotations="duration",
        )
        if not isinstance(answer, dict) or answer.get("code") != "Ok":
            raise self._unexpected()
        return answer


class _Valhalla(_Table):
    _COSTINGS: Mapping[Mode, str] = {"car": "auto", "bicycle": "bicycle", "foot": "pedestrian"}

    def metres_off(self, points: Floats) -> Floats:
        pieces = [self._located(points[some]) for some in _pieces(np.arange(len(points)), _LOCATED)]
        return np.concatenate(pieces)

    def _located(self, points: Floats) -> Floats:
        answer = self._server.post("locate", self._body(locations=_locations(points)))
        return self._read(
            lambda: np.array(
                [_nearest_m(*each) for each in zip(points, answer, strict=True)], dtype=np.float64
            ),
            (len(points),),
        )

    def seconds(self, start: Floats, end: Floats) -> Floats:
        answer = self._server.post(
            "sources_to_targets",
            self._body(sources=_locations(start), targets=_locations(end)),
        )
        return self._read(
            lambda: np.array(
                [[_or_inf(pair["time"]) for pair in row] for row in answer["sources_to_targets"]]
            ),
            (len(start), len(end)),
        )

    def _body(self, **places: list[dict[str, float]]) -> dict[str, Any]:
        return {**places, "costing": self._COSTINGS[self._mode]}


_TABLES: Mapping[ServiceKind, type[_Table]] = {"osrm": _Osrm, "valhalla": _Valhalla}


def _or_inf(value: float | None) -> float:
    return math.inf if value is None else float(value)


def _locations(points: Floats) -> list[dict[str, float]]:
    return [{"lon": lon, "lat": lat} for lon, lat in points.tolist()]


def _nearest_m(point: Floats, located: Mapping[str, Any]) -> float:
    edges: Sequence[Mapping[str, float]] = located["edges"] or ()
    if not edges:
        return math.inf
    ends = np.array([[edge["correlated_lon"], edge["correlated_lat"]] for edge in edges])
    return float(1000 * geodesic_km(point, ends).min())
