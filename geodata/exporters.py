"""Layers as files for QGIS and other map programs."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from geodata.crs import PLANAR, project
from geodata.layers import LAYERS, fields, layer

_TITLES = {
    "sites": "Lokasjoner",
    "projects": "Utbyggingsprosjekter",
    "districts": "Kretser",
    "cores": "Kjerner",
    "places": "Plasser per lokasjon og år",
    "allocation": "Hvem som betjenes hvor, per år",
}
_WHEN_EMPTY = {"districts": "MultiPolygon", "allocation": "LineString"}  # the others: Point
_DTYPES: Mapping[type[Any], str] = {
    str: "object",
    int: "int64",
    float: "float64",
    bool: "bool",
    date: "datetime64[D]",
}


def write_geojson(path: Path, collection: Mapping[str, Any]) -> None:
    """Write a FeatureCollection as UTF-8 JSON, whole or not at all.

    Raises ValueError for NaN and infinity, and OSError.
    """
    with _moved_into_place(path) as draft:
        text = json.dumps(collection, ensure_ascii=False, allow_nan=False)
        draft.write_text(f"{text}\n", encoding="utf-8")


def write_geopackage(
    path: Path, scenario: Mapping[str, Any], plan: Mapping[str, Any] | None
) -> None:
    """Write every layer to a GeoPackage in EPSG:25832, whole or not at all.

    One table per layer, with its columns also when it has no rows, under a Norwegian title.
    Raises OSError.
    """
    with _moved_into_place(path) as draft:
        for name in LAYERS:
            features = layer(name, scenario, plan)["features"]
            _write_table(draft, name, features, fields(name, scenario))


def _write_table(
    path: Path, name: str, features: Sequence[Mapping[str, Any]], columns: Mapping[str, type[Any]]
) -> None:
    # Imported here: the command line should not wait for GDAL before it writes a file. Arrays
    # rather than a data frame, for only they say the types of a table without rows.
    from pyogrio import raw

    outlines = [None if f["geometry"] is None else shape(f["geometry"]) for f in features]
    geometry_type = _geometry_type(name, features)
    values = {column: [f["properties"][column] for f in features] for column in columns}
    raw.write(
        str(path),
        shapely.to_wkb(project(np.array(outlines, dtype=object))),
        [_array(values[column], columns[column]) for column in columns],
        np.array(_distinct(columns), dtype=object),
        field_mask=[np.array([v is None for v in values[c]], dtype=bool) for c in columns],
        layer=name,
        driver="GPKG",
        geometry_type=geometry_type,
        promote_to_multi=geometry_type == "MultiPolygon",
        crs=PLANAR,
        encoding="UTF-8",
        layer_options={"IDENTIFIER": _TITLES[name]},
    )


def _geometry_type(name: str, features: Sequence[Mapping[str, Any]]) -> str:
    """The type of the whole table; Unknown, which takes any, where outlines and points mix."""
    types = {feature["geometry"]["type"] for feature in features if feature["geometry"]}
    if not types:
        return _WHEN_EMPTY.get(name, "Point")
    if types <= {"Polygon", "MultiPolygon"}:
        return "MultiPolygon"
    return types.pop() if len(types) == 1 else "Unknown"


def _array(values: Sequence[Any], kind: type[Any]) -> NDArray[Any]:
    """A column; what stands where a value is missing does not matter, for it is masked."""
    filled = [kind() if v is None and kind in (int, bool) else v for v in values]
    return np.array(filled, dtype=_DTYPES[kind])


def _distinct(names: Iterable[str]) -> list[str]:
    """SQLite tells column names apart without regard to case; care types are told apart with."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name.lower()] += 1
        count = seen[name.lower()]
        distinct.append(name if count == 1 else f"{name}_{count}")
    return distinct


@contextmanager
def _moved_into_place(path: Path) -> Iterator[Path]:
    """A draft in a directory beside `path`, on the same disk, that replaces it when complete."""
    with tempfile.TemporaryDirectory(prefix=".flerkjerne-", dir=path.parent) as directory:
        draft = Path(directory) / path.name
        yield draft
        os.replace(draft, path)
