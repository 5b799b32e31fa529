"""Layers as files for QGIS and other map programs."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geodata.crs import PLANAR, project
from geodata.frame import frame
from geodata.layers import MAP_LAYERS
from geodata.package import complete, distinct
from geodata.qgis.project import package, qgz
from geodata.tables import Table, table

GEOPACKAGE = "1.3"
"""The version that QGIS 3.22 reads without a warning."""


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

    One table per layer, with its columns also when it has no rows, under a Norwegian title, and
    with it what `geodata.package.complete` adds. Raises OSError.
    """
    with _moved_into_place(path) as draft:
        for name in MAP_LAYERS:
            _write_table(draft, table(name, scenario, plan))
        complete(draft, scenario, plan)


def write_project(path: Path, scenario: Mapping[str, Any], geopackage: Path) -> None:
    """Write a QGIS project that shows a GeoPackage of ours, whole or not at all. Raises OSError.

    It names the package by its place beside the project, so that both can be moved together.
    """
    beside = Path(os.path.relpath(geopackage.resolve(), path.resolve().parent)).as_posix()
    with _moved_into_place(path) as draft:
        draft.write_bytes(qgz(frame(scenario), package(beside)))


def _write_table(path: Path, layer: Table) -> None:
    # Imported here: the command line should not wait for GDAL before it writes a file. Arrays
    # rather than a data frame, for only they say the types of a table without rows.
    from pyogrio import raw

    columns = layer.columns.values()
    raw.write(
        str(path),
        shapely.to_wkb(project(layer.shapes))[layer.which],
        [column.values for column in columns],
        np.array(distinct(layer.columns), dtype=object),
        field_mask=[column.missing for column in columns],
        layer=layer.name,
        driver="GPKG",
        geometry_type=layer.geometry_type,
        crs=PLANAR,
        encoding="UTF-8",
        dataset_options={"VERSION": GEOPACKAGE},
        layer_options={"IDENTIFIER": layer.title},
    )


@contextmanager
def _moved_into_place(path: Path) -> Iterator[Path]:
    """A draft in a directory beside `path`, on the same disk, that replaces it when complete."""
    with tempfile.TemporaryDirectory(prefix=".flerkjerne-", dir=path.parent) as directory:
        draft = Path(directory) / path.name
        yield draft
        os.replace(draft, path)
