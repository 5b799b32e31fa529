"""Which features of a layer a map program asks for: by box, by time, by value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.crs import Crs
from geodata.tables import Table

Box = tuple[float, float, float, float]
"""Least of the first and the second axis of a system, then the largest."""

Seconds = np.datetime64 | None
"""An instant in UTC, to the second; None: no bound."""


@dataclass(frozen=True)
class Selection:
    """Features have to fit all of it."""

    crs: Crs
    """Of the boxes."""
    boxes: Sequence[Box] | None = None
    """Features that touch any of them; those without a geometry do not."""
    interval: tuple[Seconds, Seconds] | None = None
    """Features that last at some time of it, ends included; what has no dates always does."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values of columns."""


def select(table: Table, wanted: Selection) -> NDArray[np.intp]:
    """Indices of the features that fit, in order."""
    fitting = np.ones(len(table), dtype=bool)
    for name, value in wanted.values.items():
        column = table.columns[name]
        fitting &= ~column.missing & (column.values == value)
    if wanted.interval is not None and "from_date" in table.columns:
        fitting &= _lasting(table, *wanted.interval)
    if wanted.boxes is not None:
        fitting &= _touching(table, wanted.crs, wanted.boxes)[table.which]
    return np.flatnonzero(fitting)


def _touching(table: Table, crs: Crs, boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """The distinct geometries that touch a box: few are compared in full."""
    placed = table.placed(crs)
    least, most = placed.bounds[:, :2], placed.bounds[:, 2:]
    touching = np.zeros(len(placed.shapes), dtype=bool)
    for box in boxes:
        near = (least <= box[2:]).all(axis=1) & (most >= box[:2]).all(axis=1)
        candidates = np.flatnonzero(near)
        touching[candidates] |= shapely.intersects(placed.shapes[candidates], shapely.box(*box))
    return touching


def _lasting(table: Table, start: Seconds, end: Seconds) -> NDArray[np.bool_]:
    """Features whose first day begins before the end, and whose last day ends after the start."""
    lasting = np.ones(len(table), dtype=bool)
    if end is not None:
        first = table.columns["from_date"]
        lasting &= first.missing | (first.values.astype("datetime64[s]") <= end)
    if start is not None:
        last = table.columns["to_date"]
        lasting &= last.missing | ((last.values + 1).astype("datetime64[s]") > start)
    return lasting
