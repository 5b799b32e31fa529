"""Features as GeoJSON text, a page at a time."""

import json
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.crs import Crs
from geodata.tables import Table

Links = list[dict[str, Any]]


def page(table: Table, chosen: NDArray[np.intp], crs: Crs, matched: int, links: Links) -> str:
    """The chosen features as a FeatureCollection, of so many that fit what was asked for."""
    head = _text({"links": links, "numberMatched": matched, "numberReturned": len(chosen)})
    body = ",\n".join(_features(table, chosen, crs))
    return f'{{"type":"FeatureCollection",{head[1:-1]},"features":[\n{body}\n]}}\n'


def single(table: Table, row: int, crs: Crs, links: Links) -> str:
    """One feature, with its links."""
    (feature,) = _features(table, np.array([row]), crs)
    return f'{feature[:-1]},"links":{_text(links)}}}\n'


def _features(table: Table, chosen: NDArray[np.intp], crs: Crs) -> list[str]:
    shapes = table.placed(crs).shapes[table.which[chosen]]
    places = shapely.to_geojson(shapes).tolist()
    keys = [_text(name) for name in table.columns]
    columns = [column.texts(chosen) for column in table.columns.values()]
    written = []
    for n, row in enumerate(chosen.tolist()):
        properties = ",".join(f"{k}:{texts[n]}" for k, texts in zip(keys, columns, strict=True))
        key = _text(table.ids[row])
        place = places[n] or "null"
        written.append(
            f'{{"type":"Feature","id":{key},"geometry":{place},"properties":{{{properties}}}}}'
        )
    return written


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
