"""Layers as columns, for files and for services: small in memory, and quick to select from.

Map programs guess a layer's types from its first few features, so those come first that together
have every property that any feature has.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from geodata import geojson
from geodata.crs import Crs, coordinates_in
from geodata.layers import TITLES, Field, Fields, Row, fields, rows, typed

DTYPES: Mapping[type[Any], str] = {
    str: "object",
    int: "int64",
    float: "float64",
    bool: "bool",
    date: "datetime64[D]",
}
_WHEN_EMPTY = {
    "districts": "MultiPolygon",
    "district_years": "MultiPolygon",
    "allocation": "LineString",
}
"""Types of geometry where there is none; the others: Point."""


@dataclass(frozen=True)
class Column:
    """A property of every feature; what stands where it is missing does not matter."""

    field: Field
    values: NDArray[Any]
    missing: NDArray[np.bool_]

    def texts(self, chosen: NDArray[np.intp]) -> list[str]:
        """The chosen values as JSON.

        Whole numbers that may be missing get a decimal point: QGIS 3.22 keeps those without as 0
        where they are null.
        """
        values, missing = self.values[chosen], self.missing[chosen]
        if self.field.kind is date:
            values = values.astype(str)
        elif self.field.optional:
            values = values.astype(float)
        written = [json.dumps(value, ensure_ascii=False) for value in values.tolist()]
        for index in np.flatnonzero(missing):
            written[index] = "null"
        return written


@dataclass(frozen=True)
class Placed:
    """Geometries in one system, by its own order of axes, and their boxes.

    `bounds` has shape (geometries, 4): least and largest of the first axis and the second as
    (min, min, max, max), NaN where there is no geometry.
    """

    shapes: NDArray[np.object_]
    bounds: NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """One layer: features by index, several of which may share a geometry."""

    name: str
    ids: list[str]
    columns: dict[str, Column]
    shapes: NDArray[np.object_]
    """Distinct geometries in WGS84, lon, lat."""
    which: NDArray[np.intp]
    """Of each feature its geometry; where it has none, a None among them."""
    geometry_type: str
    _placed: dict[str, Placed] = attribute(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def title(self) -> str:
        """In Norwegian."""
        return TITLES[self.name]

    def placed(self, crs: Crs) -> Placed:
        """The distinct geometries in a system; computed once."""
        if crs.uri not in self._placed:
            shapes = coordinates_in(self.shapes, crs)
            self._placed[crs.uri] = Placed(shapes, shapely.bounds(shapes))
        return self._placed[crs.uri]

    def row_of(self, key: str) -> int | None:
        """The feature with an id; None when there is none."""
        return self.ids.index(key) if key in self.ids else None

    @property
    def nbytes(self) -> int:
        """About what it takes in memory when it is placed in a few systems."""
        columns = sum(c.values.nbytes + c.missing.nbytes for c in self.columns.values())
        coordinates = shapely.count_coordinates(self.shapes)
        return int(columns + 200 * len(self.ids) + 3 * (16 * coordinates + 200 * len(self.shapes)))


def table(name: str, scenario: Mapping[str, Any], plan: Mapping[str, Any] | None) -> Table:
    """One of `geodata.layers.MAP_LAYERS`, with a plan's figures when there is one.

    Raises `GeodataError`: `layer_unknown`.
    """
    columns = fields(name, scenario)
    ids: list[str] = []
    cells: dict[str, list[Any]] = {column: [] for column in columns}
    places = _Shapes()
    for row in rows(name, scenario, plan):
        ids.append(row.key)
        places.add(row.geometry)
        _fill(cells, row, columns)
    shapes, which = places.arrays()
    named = {c: _column(cells[c], columns[c]) for c in columns}
    order = _telling_first(named.values(), shapely.is_missing(shapes)[which])
    return Table(
        name=name,
        ids=[ids[index] for index in order],
        columns={
            c: Column(one.field, one.values[order], one.missing[order]) for c, one in named.items()
        },
        shapes=shapes,
        which=which[order],
        geometry_type=_geometry_type(name, shapes),
    )


def _fill(cells: dict[str, list[Any]], row: Row, columns: Fields) -> None:
    for column, values in cells.items():
        values.append(typed(row.values[column], columns[column].kind))


class _Shapes:
    """Distinct geometries as they come: outlines shared by object, the rest by coordinates."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._distinct: list[geojson.Object | None] = []
        self._which: list[int] = []

    def add(self, geometry: geojson.Object | None) -> None:
        """The geometry of the next feature."""
        index = self._known.setdefault(_key(geometry), len(self._distinct))
        if index == len(self._distinct):
            self._distinct.append(geometry)  # kept, so that no other gets its id
        self._which.append(index)

    def arrays(self) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
        """The geometries, and of each feature which it is."""
        made = np.empty(len(self._distinct), dtype=object)
        made[:] = [None if one is None else _multiple(shape(one)) for one in self._distinct]
        return made, np.array(self._which, dtype=np.intp)


def _key(geometry: geojson.Object | None) -> Any:
    if geometry is None:
        return None
    if geometry["type"].endswith("Polygon"):
        return id(geometry)
    return geometry["type"], str(geometry["coordinates"])


def _multiple(geometry: shapely.Geometry) -> shapely.Geometry:
    """An outline as one of several parts: map programs want one type in a layer."""
    return shapely.MultiPolygon([geometry]) if isinstance(geometry, shapely.Polygon) else geometry


def _geometry_type(name: str, shapes: NDArray[np.object_]) -> str:
    present = [one for one in shapes if one is not None]
    return str(present[0].geom_type) if present else _WHEN_EMPTY.get(name, "Point")


def _column(values: list[Any], field: Field) -> Column:
    kind = field.kind
    filled = [kind() if v is None and kind in (int, bool) else v for v in values]
    missing = np.array([value is None for value in values], dtype=bool)
    array = np.empty(len(values), dtype=DTYPES[kind])
    array[:] = filled
    return Column(field, array, missing)


def _telling_first(columns: Iterable[Column], nowhere: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The order of features: as few as possible, by greedy choice, that tell each property."""
    present = ~np.column_stack([nowhere, *(column.missing for column in columns)])
    chosen = list(_covering(present)) if len(present) else []
    rest = np.setdiff1d(np.arange(len(present)), chosen)
    return np.concatenate([np.array(chosen, dtype=np.intp), rest.astype(np.intp)])


def _covering(present: NDArray[np.bool_]) -> Iterator[int]:
    untold = present.any(axis=0)
    while untold.any():
        row = int(present[:, untold].sum(axis=1).argmax())
        untold &= ~present[row]
        yield row
