"""Layers as files for QGIS and other map programs."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geodata.crs import PLANAR, project
from geodata.layers import MAP_LAYERS
from geodata.tables import Table, table


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
        for name in MAP_LAYERS:
            _write_table(draft, table(name, scenario, plan))


def _write_table(path: Path, layer: Table) -> None:
    # Imported here: the command line should not wait for GDAL before it writes a file. Arrays
    # rather than a data frame, for only they say the types of a table without rows.
    from pyogrio import raw

    columns = layer.columns.values()
    raw.write(
        str(path),
        shapely.to_wkb(project(layer.shapes))[layer.which],
        [column.values for column in columns],
        np.array(_distinct(layer.columns), dtype=object),
        field_mask=[column.missing for column in columns],
        layer=layer.name,
        driver="GPKG",
        geometry_type=layer.geometry_type,
        crs=PLANAR,
        encoding="UTF-8",
        layer_options={"IDENTIFIER": layer.title},
    )


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
