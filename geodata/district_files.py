"""Reads districts (grunnkretser) from a GeoPackage or GeoJSON file.

GDAL is not used: it opens whatever a file says it is, other files and addresses too. A GeoPackage
is an SQLite database, and only its tables are read; views and triggers in it do nothing. A file of
another kind is refused, whatever its name.
"""

import json
import sqlite3
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geodata.crs import PLANAR, WGS84, project
from geodata.validation import Budget, Problem, geometry_problem, location_problem
from solver.domain.errors import GeodataError

MAX_FILE_BYTES = 500_000_000
MAX_FEATURES = 100_000
MAX_GEOMETRY_BYTES = 50_000_000
_SQLITE = b"SQLite format 3\0"
_DECIMALS = 6  # of a degree: about 0.1 m
_AREAS = ("Polygon", "MultiPolygon")

NUMBER_FIELDS = ("grunnkretsnummer", "grunnkretsnr", "grunnkrets", "krets_id", "number")
TITLE_FIELDS = ("grunnkretsnavn", "grunnkrets_navn", "kretsnavn", "navn", "title")
MUNICIPALITY_FIELDS = ("kommunenummer", "kommunenr", "komnr", "komm")
_NUMBER_DIGITS, _MUNICIPALITY_DIGITS = 8, 4


@dataclass(frozen=True)
class Reading:
    """How to read a file. Fields that are not named are looked for among Geonorge's."""

    municipality: str | None = None
    """Only districts of the municipality with this number."""
    number_field: str | None = None
    title_field: str | None = None
    municipality_field: str | None = None
    point_fields: tuple[str, str] | None = None
    """Lon and lat in WGS84 of where the people live; a point inside the area when left out."""
    layer: str | None = None
    """Of a GeoPackage with several."""
    crs: str | None = None
    """Of a file that does not say it."""
    with_geometry: bool = True
    simplify_m: float | None = None
    """Outlines are simplified by so much, common borders alike."""
    max_vertices: int | None = None
    """Of all outlines together."""


@dataclass(frozen=True)
class ReadDistrict:
    """A district as the file has it, in WGS84."""

    number: str
    title: str | None
    location: tuple[float, float]
    geometry: dict[str, Any] | None


@dataclass(frozen=True)
class DistrictFault:
    """A district that cannot be used."""

    number: str
    problem: Problem


@dataclass(frozen=True)
class DistrictFile:
    """What a file had: the districts asked for, their faults, and what was left out."""

    districts: list[ReadDistrict]
    faults: list[DistrictFault]
    crs: str
    fields: dict[str, str | None]
    others: int
    """Features of other municipalities."""
    joined: int
    """Districts that were in several features."""
    vertices: int


@dataclass(frozen=True)
class _Table:
    """Rows of attributes with a geometry each, and the system of its coordinates."""

    names: list[str]
    rows: Sequence[tuple[Mapping[str, Any], BaseGeometry | None]]
    crs: str | None


def read_districts(path: Path, reading: Reading) -> DistrictFile:
    """The districts of a file, each with a point and an outline in WGS84.

    An area that is invalid, of another type or outside Norway stands among the faults with its
    reason; nothing is repaired. Raises GeodataError for a file that cannot be read at all (kind,
    size, fields, coordinate system), and OSError.
    """
    table = _table(path, reading)
    crs = _named_crs(reading.crs or table.crs)
    fields = _fields(table.names, reading)
    chosen, others = _chosen(table, fields, reading)
    if not chosen:
        raise GeodataError("no_districts", _nothing_found(reading, others))
    faults: list[DistrictFault] = []
    outlines = dict(_outlines(chosen, crs, faults))
    vertices = sum(int(shapely.get_num_coordinates(outline)) for outline in outlines.values())
    written = _written(outlines, reading, vertices, faults)
    districts = [
        district
        for number, parts in chosen.items()
        if number in outlines
        and (district := _district(number, parts, outlines, written, fields, reading, faults))
    ]
    joined = sum(len(parts) > 1 for parts in chosen.values())
    return DistrictFile(districts, faults, crs, fields, others, joined, vertices)


def _nothing_found(reading: Reading, others: int) -> str:
    if reading.municipality is None:
        return "Filen har ingen kretser."
    return (
        f"Filen har ingen kretser i kommune {reading.municipality}, men {others} i andre. "
        "Kontroller kommunenummeret."
    )


def _table(path: Path, reading: Reading) -> _Table:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise GeodataError("file_too_large", f"«{path}» er større enn {MAX_FILE_BYTES} byte.")
    with path.open("rb") as file:
        head = file.read(len(_SQLITE))
    if head == _SQLITE:
        return _geopackage(path, reading.layer)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _geojson(path)
    raise GeodataError(
        "unknown_file_kind",
        f"«{path}» er verken GeoPackage eller GeoJSON. Eksporter laget på nytt fra kartverktøyet.",
    )


def _geojson(path: Path) -> _Table:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise GeodataError("bad_geojson", f"«{path}» er ikke gyldig JSON: {error}.") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise GeodataError("bad_geojson", f"«{path}» er ikke en FeatureCollection.")
    _require_few(len(features))
    rows = [(f.get("properties") or {}, _from_geojson(f.get("geometry"))) for f in features]
    names = list(dict.fromkeys(name for properties, _ in rows for name in properties))
    return _Table(names, rows, _geojson_crs(found))


def _geojson_crs(found: Mapping[str, Any]) -> str:
    """WGS84, unless an older file says another (member `crs`, from before RFC 7946)."""
    crs = found.get("crs")
    named = crs.get("properties") if isinstance(crs, dict) else None
    name = named.get("name") if isinstance(named, dict) else None
    if name is None or str(name).upper().endswith(("CRS84", "CRS:84")):
        return WGS84
    return str(name)


def _from_geojson(geometry: Any) -> BaseGeometry | None:
    if not isinstance(geometry, dict) or geometry.get("type") not in _AREAS:
        return None
    try:
        return shape(geometry)
    except (ValueError, TypeError, IndexError, KeyError, shapely.GEOSException):
        return None


def _geopackage(path: Path, layer: str | None) -> _Table:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            table, column, srs = _feature_table(database, layer)
            crs = _geopackage_crs(database, srs)
            (count,) = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()
            _require_few(count)
            cursor = database.execute(f"SELECT * FROM {_quoted(table)}")
            names = [description[0] for description in cursor.description]
            rows = [_geopackage_row(names, row, column) for row in cursor]
    except sqlite3.Error as error:
        raise GeodataError("bad_geopackage", f"«{path}» kan ikke leses: {error}.") from error
    return _Table([name for name in names if name != column], rows, crs)


def _feature_table(database: sqlite3.Connection, layer: str | None) -> tuple[str, str, int]:
    """Table, geometry column and reference system of the layer; views are not taken."""
    found = database.execute(
        "SELECT g.table_name, g.column_name, g.srs_id, c.identifier"
        " FROM gpkg_geometry_columns g JOIN gpkg_contents c ON c.table_name = g.table_name"
        " JOIN sqlite_master m ON m.name = g.table_name"
        " WHERE c.data_type = 'features' AND m.type = 'table' AND m.sql LIKE 'CREATE TABLE%'"
    ).fetchall()
    if layer is not None:
        found = [each for each in found if layer in (each[0], each[3])]
    if len(found) != 1:
        known = database.execute("SELECT table_name FROM gpkg_contents LIMIT 20").fetchall()
        raise GeodataError(
            "choose_layer",
            f"Filen har {len(found)} lag som passer. Velg et med «--layer»: "
            f"{', '.join(name for (name,) in known)}.",
        )
    table, column, srs, _ = found[0]
    return table, column, srs


def _geopackage_crs(database: sqlite3.Connection, srs: int) -> str | None:
    row = database.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchone()
    return None if row is None or str(row[0]).upper() == "NONE" else f"{row[0]}:{row[1]}"


def _geopackage_row(
    names: Sequence[str], row: Sequence[Any], column: str
) -> tuple[dict[str, Any], BaseGeometry | None]:
    attributes = dict(zip(names, row, strict=True))
    return attributes, _from_geopackage(attributes.pop(column))


def _from_geopackage(blob: Any) -> BaseGeometry | None:
    """The geometry of a GeoPackage's binary form: a head, an envelope, and WKB."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) > MAX_GEOMETRY_BYTES:
        return None
    envelope = (0, 4, 6, 6, 8)
    kind = (blob[3] >> 1) & 0b111
    if kind >= len(envelope):
        return None
    start = 2 + 2 + struct.calcsize("i") + envelope[kind] * struct.calcsize("d")
    try:
        return shapely.from_wkb(blob[start:])
    except shapely.GEOSException:
        return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _require_few(features: int) -> None:
    if features > MAX_FEATURES:
        raise GeodataError(
            "too_many_features", f"Filen har {features} objekter; grensen er {MAX_FEATURES}."
        )


def _named_crs(name: str | None) -> str:
    if name is None:
        raise GeodataError(
            "crs_unknown", "Filen sier ikke hvilket koordinatsystem den er i. Oppgi «--crs»."
        )
    try:
        return CRS.from_user_input(name).to_string()
    except CRSError as error:
        raise GeodataError("crs_unknown", f"Koordinatsystemet «{name}» er ukjent.") from error


def _fields(names: Sequence[str], reading: Reading) -> dict[str, str | None]:
    """Which field has the number, the title and the municipality."""
    found = {
        "number": _field(names, reading.number_field, NUMBER_FIELDS),
        "title": _field(names, reading.title_field, TITLE_FIELDS),
        "municipality": _field(names, reading.municipality_field, MUNICIPALITY_FIELDS),
    }
    for name in reading.point_fields or ():
        _field(names, name, ())
    if found["number"] is None:
        raise GeodataError(
            "field_missing",
            "Fant ikke noe felt med grunnkretsnummer. Oppgi det med «--number-field»: "
            f"{', '.join(names[:20])}.",
        )
    return found


def _field(names: Sequence[str], asked: str | None, known: Iterable[str]) -> str | None:
    if asked is not None:
        if asked not in names:
            raise GeodataError(
                "field_missing", f"Feltet «{asked}» finnes ikke: {', '.join(names[:20])}."
            )
        return asked
    folded = {name.casefold(): name for name in names}
    return next((folded[name] for name in known if name in folded), None)


_Parts = list[tuple[Mapping[str, Any], BaseGeometry | None]]


def _chosen(
    table: _Table, fields: Mapping[str, str | None], reading: Reading
) -> tuple[dict[str, _Parts], int]:
    """The features of each district asked for, and how many belong to other municipalities."""
    chosen: dict[str, _Parts] = defaultdict(list)
    others = 0
    for attributes, outline in table.rows:
        number = _digits(attributes.get(str(fields["number"])), _NUMBER_DIGITS)
        if number is None:
            raise GeodataError(
                "number_missing",
                f"En krets mangler nummer i feltet «{fields['number']}», eller det har mellomrom.",
            )
        if reading.municipality not in (None, _municipality(attributes, number, fields)):
            others += 1
        else:
            chosen[number].append((attributes, outline))
    return chosen, others


def _municipality(
    attributes: Mapping[str, Any], number: str, fields: Mapping[str, str | None]
) -> str | None:
    """From its field, else the first digits of the district's number."""
    name = fields["municipality"]
    if name is None:
        return number[:_MUNICIPALITY_DIGITS]
    return _digits(attributes.get(name), _MUNICIPALITY_DIGITS)


def _digits(value: Any, length: int) -> str | None:
    """A number as text, with the zeros in front that are lost when it is stored as a number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).zfill(length)
    if isinstance(value, str) and value.strip() and not any(c.isspace() for c in value.strip()):
        return value.strip()
    return None


def _outlines(
    chosen: Mapping[str, _Parts], crs: str, faults: list[DistrictFault]
) -> Iterator[tuple[str, BaseGeometry]]:
    """Checked outlines in WGS84."""
    budget = Budget()
    for number, parts in chosen.items():
        outline = _joined([part for _, part in parts])
        if outline is None:
            faults.append(DistrictFault(number, _NO_AREA))
            continue
        if not np.isfinite(shapely.get_coordinates(outline)).all():
            faults.append(DistrictFault(number, _NO_PLACE))
            continue
        try:
            (moved,) = project(np.array([shapely.force_2d(outline)], dtype=object), crs, WGS84)
        except ProjError:
            faults.append(DistrictFault(number, _NO_PLACE))
            continue
        problem = geometry_problem(_as_geojson(moved), budget)
        if problem is None:
            yield number, moved
        else:
            faults.append(DistrictFault(number, problem))


_NO_AREA = Problem(
    "geometry_type",
    "Kretsen har ingen flate, eller en som er verken Polygon eller MultiPolygon.",
    "Rett laget i kartverktøyet; kurver gjøres om til rette linjer.",
)
_NO_PLACE = Problem(
    "coordinates_in_other_crs",
    "Koordinatene har ingen plass i WGS84.",
    "Kontroller koordinatsystemet filen sier den er i.",
)


def _joined(parts: Sequence[BaseGeometry | None]) -> BaseGeometry | None:
    """The parts as one area, none repaired; None when one of them is no area."""
    polygons = []
    for part in parts:
        if part is None or part.geom_type not in _AREAS or part.is_empty:
            return None
        polygons += shapely.get_parts(part).tolist()
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _as_geojson(outline: BaseGeometry) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(shapely.to_geojson(outline))
    return written


def _written(
    outlines: Mapping[str, BaseGeometry],
    reading: Reading,
    vertices: int,
    faults: list[DistrictFault],
) -> dict[str, dict[str, Any]]:
    """Outlines as GeoJSON, simplified when asked for, of no more vertices than allowed."""
    if not reading.with_geometry:
        return {}
    simplified = _simplified(outlines, reading.simplify_m)
    kept = sum(int(shapely.get_num_coordinates(outline)) for outline in simplified.values())
    if reading.max_vertices is not None and kept > reading.max_vertices:
        raise GeodataError(
            "too_many_vertices",
            f"Grensene har {kept} punkter (av {vertices} i filen); grensen er "
            f"{reading.max_vertices}. Forenkle med «--simplify METER», eller utelat dem med "
            "«--no-geometry».",
        )
    budget, written = Budget(), {}
    for number, outline in simplified.items():
        rounded = shapely.transform(outline, lambda coordinates: coordinates.round(_DECIMALS))
        problem = geometry_problem(_as_geojson(rounded), budget)
        if problem is not None:
            faults.append(DistrictFault(number, problem))
        written[number] = _as_geojson(shapely.orient_polygons(rounded))
    return written


def _simplified(
    outlines: Mapping[str, BaseGeometry], metres: float | None
) -> Mapping[str, BaseGeometry]:
    if metres is None:
        return outlines
    planar = project(np.array(list(outlines.values()), dtype=object), WGS84, PLANAR)
    simple = project(shapely.coverage_simplify(planar, metres), PLANAR, WGS84)
    return dict(zip(outlines, simple, strict=True))


def _district(
    number: str,
    parts: _Parts,
    outlines: Mapping[str, BaseGeometry],
    written: Mapping[str, dict[str, Any]],
    fields: Mapping[str, str | None],
    reading: Reading,
    faults: list[DistrictFault],
) -> ReadDistrict | None:
    attributes = parts[0][0]
    title = attributes.get(fields["title"]) if fields["title"] else None
    point: Sequence[Any]
    if reading.point_fields is None:
        inside = outlines[number].representative_point()
        point = (inside.x, inside.y)
    else:
        point = [attributes.get(name) for name in reading.point_fields]
    problem = location_problem(*point)
    if problem is not None:
        faults.append(DistrictFault(number, problem))
        return None
    return ReadDistrict(
        number,
        str(title) if title not in (None, "") else None,
        (round(float(point[0]), _DECIMALS), round(float(point[1]), _DECIMALS)),
        written.get(number),
    )
