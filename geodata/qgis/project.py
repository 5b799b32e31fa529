"""A QGIS project that shows a scenario's layers, from the live service or from the package."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from geodata.crs import project_coordinates
from geodata.frame import Bounds, Frame
from geodata.layers import TITLES
from geodata.qgis.elements import VERSION, document, element, layer_id, system
from geodata.qgis.layout import print_layout
from geodata.qgis.styles import style

FILE = "plan.qgs"
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Planen", ("projects", "places")),
    ("Steder", ("cores", "sites")),
    ("Hvem som betjenes hvor", ("allocation",)),
    ("Kretser", ("district_years", "districts")),
)
"""From the top of the map to the bottom."""
HIDDEN = ("districts", "background")
"""There to be switched on: districts by the last year's minutes, and a map beneath them."""
BACKGROUND = (
    "type=xyz&url=https://cache.kartverket.no/v1/wmts/1.0.0/topograatone/default/webmercator/"
    "%7Bz%7D/%7By%7D/%7Bx%7D.png&zmin=0&zmax=18"
)
MARGIN = 0.05
"""Of the view, outside what there is to see."""
PROJECT_CODE = 25832


@dataclass(frozen=True)
class Data:
    """Where QGIS reads the layers."""

    provider: str
    source: Callable[[str], str]
    """By name of a layer."""
    code: int
    """EPSG code of what is read."""


def live(address: str, authentication: str | None = None) -> Data:
    """The layers of a landing page of the service.

    `authentication` is the id of a configuration in the planner's own QGIS, which has the key.
    """
    login = "" if authentication is None else f" authcfg={authentication}"
    url = address.replace("\\", "\\\\").replace("'", "\\'")

    def source(layer: str) -> str:
        return (
            f"url='{url}' typename='{layer}' version='OGC_API_FEATURES' "
            f"restrictToRequestBBOX='1' pagingEnabled='true'{login}"
        )

    return Data("OAPIF", source, 4326)


def package(name: str) -> Data:
    """The layers of a GeoPackage beside the project."""
    return Data("ogr", lambda layer: f"./{name}|layername={layer}", PROJECT_CODE)


def qgz(frame: Frame, data: Data) -> bytes:
    """The project as a file; the same bytes for the same frame and data."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(FILE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, qgs(frame, data))
    return packed.getvalue()


def qgs(frame: Frame, data: Data) -> str:
    """The project as XML."""
    layers = [name for _, names in GROUPS for name in names]
    view, heart = _view(frame.bbox), _view(frame.heart or frame.bbox)
    return document(
        element(
            "qgis",
            {"version": VERSION, "projectname": frame.title},
            element("homePath", {"path": ""}),
            element("title", {}, frame.title),
            element("projectCrs", {}, system(PROJECT_CODE)),
            _tree(data),
            element("mapcanvas", {"name": "theMapCanvas"}, *_canvas(view)),
            element(
                "projectlayers", {}, *(_layer(name, frame, data) for name in layers), _background()
            ),
            _properties(frame),
            element("Layouts", {}, print_layout(frame, view, heart)),
            _times(frame),
        )
    )


def _view(bounds: Bounds | None) -> Bounds:
    """What is to be seen in the project's system, with a margin."""
    west, south, east, north = bounds or (4.0, 57.9, 31.2, 71.2)  # mainland Norway
    corners = np.array([(x, y) for x in (west, east) for y in (south, north)])
    placed = project_coordinates(corners)
    least, most = placed.min(axis=0), placed.max(axis=0)
    margin = MARGIN * float((most - least).max()) + 500.0
    return (*_pair(least - margin), *_pair(most + margin))


def _pair(numbers: Sequence[float]) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[1])


def _canvas(view: Bounds) -> list[Element]:
    corners = zip(("xmin", "ymin", "xmax", "ymax"), view, strict=True)
    return [
        element("units", {}, "meters"),
        element("extent", {}, *(element(tag, {}, f"{value:.2f}") for tag, value in corners)),
        element("rotation", {}, "0"),
        element("destinationsrs", {}, system(PROJECT_CODE)),
    ]


def _tree(data: Data) -> Element:
    groups = [
        element(
            "layer-tree-group",
            {"name": title, "checked": "Qt::Checked", "expanded": 1},
            *(tree_layer(name, TITLES[name], data.source(name), data.provider) for name in names),
        )
        for title, names in GROUPS
    ]
    beneath = tree_layer("background", "Kartverket, gråtone", BACKGROUND, "wms")
    return element("layer-tree-group", {}, *groups, beneath)


def tree_layer(name: str, title: str, source: str, provider: str) -> Element:
    """A layer in the tree of the project."""
    return element(
        "layer-tree-layer",
        {
            "id": layer_id(name),
            "name": title,
            "source": source,
            "providerKey": provider,
            "checked": "Qt::Unchecked" if name in HIDDEN else "Qt::Checked",
            "expanded": int(name not in HIDDEN),
        },
    )


def _layer(name: str, frame: Frame, data: Data) -> Element:
    chosen = style(name, frame)
    kind = {"type": "vector", "geometry": chosen.geometry}
    return element(
        "maplayer",
        kind | chosen.attributes(),
        element("id", {}, layer_id(name)),
        element("datasource", {}, data.source(name)),
        element("layername", {}, TITLES[name]),
        element("srs", {}, system(data.code)),
        element("provider", {"encoding": "UTF-8"}, data.provider),
        *chosen.elements(),
    )


def _background() -> Element:
    return element(
        "maplayer",
        {"type": "raster", "autoRefreshEnabled": 0},
        element("id", {}, layer_id("background")),
        element("datasource", {}, BACKGROUND),
        element("layername", {}, "Kartverket, gråtone"),
        element("attribution", {"href": "https://www.kartverket.no/"}, "© Kartverket"),
        element("srs", {}, system(3857)),
        element("provider", {}, "wms"),
        element(
            "pipe",
            {},
            element("rasterrenderer", {"type": "singlebandcolordata", "band": 1, "opacity": 0.6}),
        ),
    )


def _properties(frame: Frame) -> Element:
    start, end = _period(frame)
    return element(
        "properties",
        {},
        element("Paths", {}, element("Absolute", {"type": "bool"}, "false")),
        element("SpatialRefSys", {}, element("ProjectionsEnabled", {"type": "int"}, "1")),
        element(
            "TemporalControllerWidget",
            {},
            element("NavigationMode", {"type": "int"}, "1"),  # played, one frame after the other
            element("StartDateTime", {"type": "QString"}, start),
            element("EndDateTime", {"type": "QString"}, end),
        ),
    )


def _times(frame: Frame) -> Element:
    """Years are played one a second."""
    start, end = _period(frame)
    return element(
        "ProjectTimeSettings",
        {"timeStep": 1, "timeStepUnit": "y", "frameRate": 1, "cumulativeTemporalRange": 0},
        element("TemporalRange", {}, element("start", {}, start), element("end", {}, end)),
    )


def _period(frame: Frame) -> tuple[str, str]:
    """From the first year into the last one, but not to its end.

    QGIS counts frames of 365.25 days, and would add one after the last year.
    """
    return f"{frame.first_year}-01-01T00:00:00Z", f"{frame.last_year}-07-01T00:00:00Z"
