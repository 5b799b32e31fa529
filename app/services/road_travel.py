"""A scenario with the travel times of a road network or a service in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, compress
from pathlib import Path
from typing import Any

import numpy as np

from app.schemas.scenario import Scenario
from app.services.checking import check_scenario
from app.services.checking.travel import missing_locations
from app.services.words import first_listed, listed, short
from geodata.network.cache import file_hash, input_hash, kept
from geodata.network.errors import NetworkInvalid
from geodata.network.graph import Floats, Network
from geodata.network.lines import LineChoice, read_lines
from geodata.network.osm import osm_date, read_osm
from geodata.network.profiles import OFF_ROAD_KMH, Mode
from geodata.network.service import ServiceAddress, service_times, shown_address
from geodata.network.times import RoadTimes, road_times
from solver.domain.errors import ScenarioInvalid

_OSM = {
    "publisher": "OpenStreetMap-bidragsytere",
    "licence": "ODbL 1.0",
    "url": "https://www.openstreetmap.org/copyright",
}
_BY = {"car": "med bil", "bicycle": "med sykkel", "foot": "til fots"}
_DECIMALS = 3  # of minutes in the document: 0.06 s
_SITES, _DISTRICTS = ("lokasjonen", "lokasjonene"), ("kretsen", "kretsene")
_HASH_SHOWN = 16


@dataclass(frozen=True)
class Provenance:
    """What the user says of the data: None is what the data say themselves, if anything."""

    publisher: str | None = None
    licence: str | None = None
    data_date: date | None = None


@dataclass(frozen=True)
class Trip:
    """How people travel, and how far from a road they may live (metres)."""

    mode: Mode
    snap_limit_m: float


@dataclass(frozen=True)
class WithMatrix:
    """The scenario document with its matrix, and what is worth saying of how it came about."""

    document: dict[str, Any]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Places:
    sites: tuple[str, ...]
    districts: tuple[str, ...]
    site_points: Floats
    district_points: Floats


def from_network(
    scenario: Scenario,
    path: Path,
    choice: LineChoice,
    trip: Trip,
    provenance: Provenance,
    cache: Path,
) -> WithMatrix:
    """Shortest times on the network of a file, `.osm.pbf` or `.gpkg`; kept in the folder `cache`.

    Raises `ScenarioInvalid` when a position is missing, `NetworkInvalid` when the file is of no use
    or nothing can be reached, OSError when the cache cannot be written.
    """
    places = _places(scenario)
    read = _reader(path, choice, trip.mode)
    content = file_hash(path)
    key = input_hash(
        {
            "file": content,
            "choice": vars(choice),
            "trip": vars(trip),
            "sites": places.site_points.tolist(),
            "districts": places.district_points.tolist(),
        }
    )
    times, was_kept = kept(cache, key, lambda: _compute(read(), places, trip))
    is_osm = _is_osm(path)
    said = osm_date(path) if is_osm else None
    day = provenance.data_date or said
    taken = f"data fra {day.isoformat()}" if day else "uten oppgitt dato"
    what = f"langs vegnettet i «{path.name}» ({taken}, SHA-256 {content[:_HASH_SHOWN]}…)"
    source = _source(what, _speeds(is_osm, choice, trip.mode), scenario, trip)
    about = {**(_OSM if is_osm else {}), **_known(provenance)}
    remarks = ["Reisetidene er hentet fra mellomlageret."] if was_kept else []
    return _with_matrix(scenario, places, times, trip, {**source, **about, **_year(day)}, remarks)


def from_service(
    scenario: Scenario, address: ServiceAddress, trip: Trip, provenance: Provenance
) -> WithMatrix:
    """Times from a matrix service. Raises as `from_network`, and `TravelServiceFailed`."""
    places = _places(scenario)
    url = shown_address(address.url)
    times = service_times(
        address, trip.mode, places.site_points, places.district_points, trip.snap_limit_m
    )
    what = f"fra reisetidstjenesten {url} ({address.kind}, spurt {date.today().isoformat()})"
    source = _source(what, "Fart slik tjenesten er satt opp", scenario, trip)
    about = {**_known(provenance), **_year(provenance.data_date or date.today())}
    return _with_matrix(scenario, places, times, trip, {**source, **about, "url": url}, [])


def _places(scenario: Scenario) -> _Places:
    missing = list(
        chain(
            missing_locations("districts", scenario.districts),
            missing_locations("sites", scenario.sites),
        )
    )
    if missing:
        raise ScenarioInvalid(missing)
    sites, districts = tuple(sorted(scenario.sites)), tuple(sorted(scenario.districts))
    return _Places(
        sites,
        districts,
        np.array([scenario.sites[each].location for each in sites], dtype=np.float64),
        np.array([scenario.districts[each].location for each in districts], dtype=np.float64),
    )


def _is_osm(path: Path) -> bool:
    return path.suffix.casefold() == ".pbf"


def _reader(path: Path, choice: LineChoice, mode: Mode) -> Callable[[], Network]:
    if not path.is_file():
        raise NetworkInvalid(
            "network_not_found",
            f"Fant ingen fil «{path}». Hvor vegnett er å få, står i docs/travel.md.",
        )
    if _is_osm(path):
        return lambda: read_osm(path, mode)
    if path.suffix.casefold() == ".gpkg":
        return lambda: read_lines(path, choice, mode)
    raise NetworkInvalid(
        "network_format",
        f"«{path.name}» er verken .osm.pbf eller .gpkg. Lag en GeoPackage av fila med «ogr2ogr -f "
        "GPKG» eller fra QGIS.",
    )


def _compute(network: Network, places: _Places, trip: Trip) -> RoadTimes:
    return road_times(
        network,
        places.site_points,
        places.district_points,
        trip.snap_limit_m,
        OFF_ROAD_KMH[trip.mode],
    )


def _speeds(is_osm: bool, choice: LineChoice, mode: Mode) -> str:
    if is_osm:
        return "Fart etter fartsgrense og vegklasse, som i docs/travel.md"
    if mode != "car":
        return "Samme fart langs alle linjer; laget sier ikke hvor det er lov å ferdes slik"
    named = [name for name in (choice.speed_column, choice.speed_back_column) if name]
    speed = listed([f"«{name}»" for name in named]) or "ingen"
    oneway = f"«{choice.oneway_column}»" if choice.oneway_column else "ingen"
    default = f"; {short(choice.default_kmh, 1)} km/t der den mangler" if choice.default_kmh else ""
    return f"Fart fra kolonnen {speed}{default}, envegskjøring fra kolonnen {oneway}"


def _source(what: str, speeds: str, scenario: Scenario, trip: Trip) -> dict[str, Any]:
    access = scenario.travel.access_minutes or 0.0
    return {
        "status": "derived",
        "note": (
            f"Korteste reisetid {_BY[trip.mode]} fra krets til lokasjon {what}. {speeds}. Til veg, "
            f"høyst {short(trip.snap_limit_m, 0)} m: luftlinje med "
            f"{short(OFF_ROAD_KMH[trip.mode], 0)} km/t. {short(access, 1)} minutter "
            "(access_minutes) er lagt til hver reise. Uten kø, buss og venting på ferge. Par uten "
            "veg er utelatt."
        ),
    }


def _known(provenance: Provenance) -> dict[str, str]:
    said = {"publisher": provenance.publisher, "licence": provenance.licence}
    return {name: text for name, text in said.items() if text is not None}


def _year(day: date | None) -> dict[str, int]:
    return {} if day is None else {"year": day.year}


def _with_matrix(
    scenario: Scenario,
    places: _Places,
    times: RoadTimes,
    trip: Trip,
    source: Mapping[str, Any],
    remarks: Sequence[str],
) -> WithMatrix:
    _require_some(times, trip)
    access = scenario.travel.access_minutes or 0.0
    minutes = {
        site: {
            district: round(float(each) + access, _DECIMALS)
            for district, each in zip(places.districts, row, strict=True)
            if np.isfinite(each)
        }
        for site, row in zip(places.sites, times.minutes, strict=True)
    }
    given = scenario.plain()
    document = {
        **given,
        "travel": {**given["travel"], "basis": "matrix", "minutes": minutes},
        "sources": {**given.get("sources", {}), "/travel/minutes": dict(source)},
    }
    return WithMatrix(
        check_scenario(document).plain(), (*remarks, *_remarks(scenario, places, times, trip))
    )


def _remarks(scenario: Scenario, places: _Places, times: RoadTimes, trip: Trip) -> Iterator[str]:
    """Who is not on the network, or not on the part of it that hangs together."""
    far = f"Lenger enn {short(trip.snap_limit_m, 0)} m fra veg, og kan ikke nås"
    detached = "På en løsrevet del av vegnettet"
    sites = [scenario.sites[each].title or each for each in places.sites]
    districts = [scenario.districts[each].title or each for each in places.districts]
    for what, names, nouns, those in (
        (far, sites, _SITES, ~np.isfinite(times.site_metres)),
        (far, districts, _DISTRICTS, ~np.isfinite(times.district_metres)),
        (detached, sites, _SITES, times.site_detached),
        (detached, districts, _DISTRICTS, times.district_detached),
    ):
        said = list(compress(names, those))
        if said:
            yield f"{what}: {nouns[len(said) > 1]} {first_listed(said)}."


def _require_some(times: RoadTimes, trip: Trip) -> None:
    limit = f"{short(trip.snap_limit_m, 0)} m"
    for what, metres in (("lokasjonene", times.site_metres), ("kretsene", times.district_metres)):
        if not np.isfinite(metres).any():
            raise NetworkInvalid(
                "beyond_snap_limit",
                f"Ingen av {what} ligger innen {limit} fra en veg. Kontroller at vegnettet dekker "
                "kommunen og har rett koordinatsystem, eller øk --snap-limit.",
            )
    if not np.isfinite(times.minutes).any():
        raise NetworkInvalid(
            "nothing_reached",
            "Det er ingen veg fra noen krets til noen lokasjon: nettet henger ikke sammen. "
            "Kontroller at linjene møtes i endene, og kolonnen for envegskjøring.",
        )
