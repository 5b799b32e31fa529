"""Networks from a layer of lines in a GeoPackage, as NVDB and Elveg give them when converted.

Only tables of a GeoPackage are read, and the file is seen to be one before GDAL opens it: GDAL
would otherwise follow a file of another format to wherever it points.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from geodata.crs import PLANAR, WGS84, project_coordinates
from geodata.network.errors import NetworkInvalid, unknown_name
from geodata.network.graph import Floats, Ints, Mask, Network, Vertices, make_network
from geodata.network.profiles import OWN_KMH, Mode

_HEADER = b"SQLite format 3\x00"
_APPLICATION = slice(68, 72)
_APPLICATIONS = (b"GPKG", b"GP10", b"GP11")
_LINE_TYPES = {
    "LINESTRING",
    "MULTILINESTRING",
    "CURVE",
    "COMPOUNDCURVE",
    "MULTICURVE",
    "GEOMETRY",
    "GEOMETRYCOLLECTION",
}
_LAYERS = """
SELECT c.table_name, upper(g.geometry_type_name) FROM gpkg_contents c
JOIN gpkg_geometry_columns g ON g.table_name = c.table_name
JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table'
WHERE c.data_type = 'features' ORDER BY c.table_name
"""
_LARGEST = 1e9  # beyond this a number is no coordinate in any system used on land
_CENTIMETRES = 100
_MOST_SHOWN = 5

# What a column of one-way streets may hold, in small letters. NVDB Ruteplan has B, FT, TF and N.
_DIRECTIONS: dict[str, tuple[bool, bool]] = {
    **dict.fromkeys(("b", "both", "begge", "no", "nei", "false", "0", ""), (True, True)),
    **dict.fromkeys(("ft", "med", "yes", "ja", "true", "1"), (True, False)),
    **dict.fromkeys(("tf", "mot", "-1", "reverse"), (False, True)),
    **dict.fromkeys(("n", "none", "ingen"), (False, False)),
}


@dataclass(frozen=True)
class LineChoice:
    """What to read: the layer (None: the only one of lines) and its columns.

    They hold speed limits in km/h, those against the line's direction (None: the same), and the
    directions that are open (None: both everywhere). `default_kmh` is for lines without a limit.
    """

    layer: str | None = None
    speed_column: str | None = None
    speed_back_column: str | None = None
    oneway_column: str | None = None
    default_kmh: float | None = None


def read_lines(path: Path, choice: LineChoice, mode: Mode) -> Network:
    """The lines of a layer, joined where the end of one is a vertex of another (to a centimetre).

    By car as fast as the speed limits; by bicycle and on foot at `OWN_KMH` along every line, and on
    foot in both directions. Raises `NetworkInvalid` for a file, layer, column or value of no use.
    """
    layer = _layer(path, choice.layer)
    meta, _, wkb, values = _read(path, layer, _columns(path, layer, choice))
    columns = dict(zip(meta["fields"], values, strict=True))
    lines, row = shapely.get_parts(shapely.force_2d(shapely.from_wkb(wkb)), return_index=True)
    is_line = shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING
    if not is_line.any():
        raise _empty(path, layer)
    lines, row = lines[is_line], row[is_line]
    ahead, back = _directions(columns, choice, mode, len(wkb))
    forward = _kmh(columns, choice.speed_column, choice, mode, ahead)
    backward = _kmh(columns, choice.speed_back_column or choice.speed_column, choice, mode, back)
    network = make_network(_vertices(lines, meta["crs"]), forward[row], backward[row])
    if not network.nodes:
        raise _empty(path, layer)
    return network


def _empty(path: Path, layer: str) -> NetworkInvalid:
    return NetworkInvalid(
        "network_empty",
        f"Laget «{layer}» i «{path}» har ingen linjer som kan brukes. Kontroller at utsnittet "
        "dekker kommunen.",
    )


def _layer(path: Path, wanted: str | None) -> str:
    layers = _line_layers(path)
    if wanted is not None and wanted not in layers:
        raise unknown_name("layer_missing", "Laget", wanted, layers, "--layer")
    if not layers:
        raise NetworkInvalid("layer_missing", f"«{path}» har ingen lag med linjer.")
    if wanted is None and len(layers) > 1:
        raise NetworkInvalid(
            "layer_unclear",
            f"«{path}» har flere lag med linjer. Velg med --layer: {', '.join(layers)}.",
        )
    return wanted or layers[0]


def _line_layers(path: Path) -> list[str]:
    with path.open("rb") as file:
        header = file.read(_APPLICATION.stop)
    if not header.startswith(_HEADER) or header[_APPLICATION] not in _APPLICATIONS:
        raise NetworkInvalid(
            "network_unreadable",
            f"«{path}» er ikke en GeoPackage. Lag en med «ogr2ogr -f GPKG» eller fra QGIS.",
        )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            return [name for name, kind in database.execute(_LAYERS) if kind in _LINE_TYPES]
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> NetworkInvalid:
    return NetworkInvalid(
        "network_unreadable", f"«{path}» kan ikke leses ({error}). Lag fila på nytt."
    )


def _columns(path: Path, layer: str, choice: LineChoice) -> list[str]:
    """The columns that the choice names, seen to be there."""
    from pyogrio import read_info

    known = [str(name) for name in read_info(path.resolve(), layer=layer)["fields"]]
    named = {
        "--speed-column": choice.speed_column,
        "--speed-back-column": choice.speed_back_column,
        "--oneway-column": choice.oneway_column,
    }
    for option, name in named.items():
        if name is not None and name not in known:
            raise unknown_name("column_missing", "Kolonnen", name, known, option)
    return sorted({name for name in named.values() if name is not None})


def _read(path: Path, layer: str, columns: list[str]) -> Any:
    from pyogrio import raw
    from pyogrio.errors import DataSourceError

    try:
        return raw.read(path.resolve(), layer=layer, columns=columns)
    except (DataSourceError, shapely.errors.GEOSException) as error:
        raise _unreadable(path, error) from error


def _kmh(
    columns: dict[str, NDArray[Any]],
    column: str | None,
    choice: LineChoice,
    mode: Mode,
    open_: Mask,
) -> Floats:
    """km/h of each row in a direction, 0 where it is not open."""
    if mode != "car":
        return np.where(open_, OWN_KMH[mode], 0.0)
    if column is None:
        return np.where(open_, _default_kmh(choice), 0.0)
    kmh = _numbers(columns[column], column)
    missing = open_ & ~(kmh > 0)
    if missing.any() and choice.default_kmh is None:
        raise NetworkInvalid(
            "speed_missing",
            f"{missing.sum()} av {len(kmh)} linjer mangler fart i kolonnen «{column}». "
            "Oppgi farten deres med --default-speed.",
        )
    return np.where(open_, np.where(missing, choice.default_kmh or 0.0, kmh), 0.0)


def _default_kmh(choice: LineChoice) -> float:
    if choice.default_kmh is None:
        raise NetworkInvalid(
            "speed_missing",
            "Bil trenger fart. Oppgi kolonnen med fartsgrenser med --speed-column, eller én fart "
            "for alle linjer med --default-speed.",
        )
    return choice.default_kmh


def _numbers(values: NDArray[Any], column: str) -> Floats:
    try:
        given = [np.nan if value in (None, "") else float(value) for value in values.tolist()]
    except (TypeError, ValueError) as error:
        raise NetworkInvalid(
            "speed_not_a_number",
            f"Kolonnen «{column}» har noe annet enn tall ({error}). "
            "Velg en annen med --speed-column.",
        ) from error
    return np.array(given, dtype=np.float64)


def _directions(
    columns: dict[str, NDArray[Any]], choice: LineChoice, mode: Mode, rows: int
) -> tuple[Mask, Mask]:
    """Whether each row may be followed from its start to its end, and back."""
    if choice.oneway_column is None or mode == "foot":
        return np.ones(rows, dtype=bool), np.ones(rows, dtype=bool)
    said = [_direction_text(value) for value in columns[choice.oneway_column].tolist()]
    unknown = sorted(set(said) - _DIRECTIONS.keys())
    if unknown:
        raise NetworkInvalid(
            "oneway_unknown",
            f"Kolonnen «{choice.oneway_column}» har verdier som ikke er kjent: "
            f"{', '.join(unknown[:_MOST_SHOWN])}. Kjente verdier er "
            f"{', '.join(each for each in _DIRECTIONS if each)}.",
        )
    allowed = np.array([_DIRECTIONS[each] for each in said], dtype=bool).reshape(-1, 2)
    return allowed[:, 0], allowed[:, 1]


def _direction_text(value: Any) -> str:
    if value is None or value != value:  # NaN stands for null in a column of numbers
        return ""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(whole).strip().casefold()


def _vertices(lines: NDArray[np.object_], crs: str | None) -> Vertices:
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    lonlat = _in_wgs84(coordinates, crs)
    places = np.rint(project_coordinates(lonlat) * _CENTIMETRES).astype(np.int64)
    _, key = np.unique(places, axis=0, return_inverse=True)
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[line[1:] != line[:-1], True]
    return Vertices(line, lonlat, _ints(key), np.isin(key, key[first | last]))


def _ints(values: Any) -> Ints:
    return np.asarray(values, dtype=np.int64).ravel()


def _in_wgs84(coordinates: Floats, crs: str | None) -> Floats:
    """Lon, lat; heights and their part of the reference system are left aside."""
    if crs is None:
        raise NetworkInvalid(
            "crs_missing",
            "Laget sier ikke hvilket koordinatsystem det er i. Sett det i QGIS, eller med «ogr2ogr "
            "-a_srs EPSG:25832».",
        )
    if not (np.abs(coordinates) < _LARGEST).all():
        raise NetworkInvalid(
            "coordinates_invalid", "Laget har punkter som ikke er vanlige tall. Rett det i QGIS."
        )
    system = CRS.from_user_input(crs)
    plane = system.sub_crs_list[0] if system.is_compound else system
    try:
        x, y = Transformer.from_crs(plane, WGS84, always_xy=True).transform(
            coordinates[:, 0], coordinates[:, 1], errcheck=True
        )
        lonlat = np.column_stack((x, y))
        project_coordinates(lonlat, target=PLANAR)
    except ProjError as error:
        raise NetworkInvalid(
            "crs_wrong",
            f"Koordinatene passer ikke med koordinatsystemet som laget oppgir, {plane.name}. "
            "Sett det rette i QGIS, eller med «ogr2ogr -a_srs».",
        ) from error
    return lonlat
