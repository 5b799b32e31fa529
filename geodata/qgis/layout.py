"""A sheet to print: the first and the last year, the whole and the heart of it."""

import math
from xml.etree.ElementTree import Element

from geodata.frame import Bounds, Frame
from geodata.layers import TITLES
from geodata.qgis.elements import Attributes, element, key, layer_id
from geodata.qgis.symbols import FONT, area, symbol

NAME = "Plan, A3"
PAGE = (420.0, 297.0)
MAP = (152.0, 110.0)
TOP, LEFT, GAP = 34.0, 10.0, 5.0
LEGEND = ("cores", "projects", "places", "sites", "allocation", "district_years")

Millimetres = tuple[float, float]


def print_layout(frame: Frame, whole: Bounds, heart: Bounds) -> Element:
    """The sheet; what it shows may be moved in QGIS afterwards."""
    maps, heads = [], []
    for n, year in enumerate((frame.first_year, frame.last_year)):
        left = LEFT + n * (MAP[0] + GAP)
        heads.append(_label(f"{year}", 14, (left, TOP - 9), (MAP[0], 8), bold=True))
        for m, (name, view) in enumerate((("Hele", whole), ("Sentrum", heart))):
            maps.append(_map(f"{name} {year}", (left, TOP + m * (MAP[1] + GAP)), view, year))
    under = TOP + 2 * MAP[1] + GAP + 4
    beside = LEFT + 2 * (MAP[0] + GAP)
    return element(
        "Layout",
        {"name": NAME, "units": "mm", "printResolution": 300, "worldFileMap": ""},
        element("PageCollection", {}, _paper(), _page()),
        *maps,
        _label(frame.title, 22, (LEFT, 8), (330, 12), bold=True),
        *heads,
        _legend((beside, TOP), f"Hele {frame.last_year}"),
        _scale_bar((LEFT, under), f"Hele {frame.first_year}", _kilometres(whole)),
        _scale_bar((LEFT + 75, under), f"Sentrum {frame.first_year}", _kilometres(heart)),
        _label(_told(frame), 7, (LEFT + MAP[0] + GAP, under), (MAP[0] + 90, 24)),
    )


def _kilometres(view: Bounds) -> float:
    """A round number of kilometres that is about an eighth of a map's width."""
    west, _, east, _ = _fitted(view)
    about = (east - west) / 8000
    power = 10.0 ** math.floor(math.log10(about))
    return max(step * power for step in (1, 2, 5) if step * power <= about)


def _item(kind: int, name: str, at: Millimetres, size: Millimetres, more: Attributes) -> Attributes:
    place = f"{at[0]:g},{at[1]:g},mm"
    return {
        "type": kind,
        "id": name,
        "uuid": key("layout", name),
        "templateUuid": key("layout", name),
        "position": place,
        "positionOnPage": place,
        "size": f"{size[0]:g},{size[1]:g},mm",
        "referencePoint": 0,
        "visibility": 1,
        "opacity": 1,
        "frame": "false",
        "background": "false",
        **more,
    }


def _paper() -> Element:
    return symbol("fill", "", area("#ffffff", "#ffffff", 0))


def _page() -> Element:
    return element(
        "LayoutItem", _item(65638, "Side", (0, 0), PAGE, {"background": "true"}), _paper()
    )


def _map(name: str, at: Millimetres, view: Bounds, year: int) -> Element:
    shown: Attributes = {
        "frame": "true",
        "background": "true",
        "outlineWidthM": "0.3,mm",
        "keepLayerSet": "false",
        "followPreset": "false",
        "drawCanvasItems": "true",
        "mapRotation": 0,
        "isTemporal": 1,
        "temporalRangeBegin": f"{year}-01-01T00:00:00Z",
        "temporalRangeEnd": f"{year}-12-31T00:00:00Z",
    }
    corners = zip(("xmin", "ymin", "xmax", "ymax"), _fitted(view), strict=True)
    extent = element("Extent", {tag: f"{value:.2f}" for tag, value in corners})
    return element("LayoutItem", _item(65639, name, at, MAP, shown), extent)


def _fitted(view: Bounds) -> Bounds:
    """The view, widened to the shape of the map on paper."""
    west, south, east, north = view
    width, height = east - west, north - south
    wide = max(width, height * MAP[0] / MAP[1])
    high = wide * MAP[1] / MAP[0]
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _label(
    text: str, size: float, at: Millimetres, room: Millimetres, *, bold: bool = False
) -> Element:
    written: Attributes = {"labelText": text, "htmlState": 0, "halign": 1, "valign": 32}
    font = f"{FONT},{size:g},-1,5,{75 if bold else 50},0,0,0,0,0"
    return element(
        "LayoutItem",
        _item(65641, text[:40], at, room, written),
        element("LabelFont", {"description": font, "style": ""}),
        element("FontColor", {"red": 26, "green": 26, "blue": 26, "alpha": 255}),
    )


def _legend(at: Millimetres, of_map: str) -> Element:
    settings: Attributes = {
        "title": "Tegnforklaring",
        "map_uuid": key("layout", of_map),
        "resizeToContents": 1,
        "columnCount": 1,
        "symbolWidth": 6,
        "symbolHeight": 3.5,
        "wrapChar": "\n",
        "legendFilterByAtlas": 0,
    }
    sizes = {"title": 12, "group": 9, "subgroup": 9, "symbol": 8, "symbolLabel": 8}
    styles = [
        element(
            "style",
            {"name": name, "marginTop": 2 if name == "subgroup" else 1, "marginBottom": 1},
            element("styleFont", {"description": f"{FONT},{size},-1,5,50,0,0,0,0,0", "style": ""}),
        )
        for name, size in sizes.items()
    ]
    listed = [
        element("layer-tree-layer", {"id": layer_id(name), "name": TITLES[name], "expanded": 1})
        for name in LEGEND
    ]
    return element(
        "LayoutItem",
        _item(65642, "Tegnforklaring", at, (60, 200), settings),
        element("styles", {}, *styles),
        element("layer-tree-group", {}, *listed),
    )


def _scale_bar(at: Millimetres, of_map: str, kilometres: float) -> Element:
    settings: Attributes = {
        "mapUuid": key("layout", of_map),
        "style": "Line Ticks Up",
        "unitType": "km",
        "unitLabel": "km",
        "numMapUnitsPerScaleBarUnit": 1,
        "numSegments": 2,
        "numSegmentsLeft": 0,
        "numUnitsPerSegment": kilometres,
        "segmentSizeMode": 0,
        "height": 3,
        "boxContentSpace": 1,
        "labelBarSpace": 1,
        "outlineWidth": 0.3,
    }
    return element(
        "LayoutItem", _item(65646, f"Målestokk {of_map}", at, (80, 12), settings), _text(8)
    )


def _text(size: float) -> Element:
    written: Attributes = {
        "fontSize": size,
        "fontSizeUnit": "Point",
        "textColor": "26,26,26,255",
        "textOpacity": 1,
    }
    return element("text-style", written)


def _told(frame: Frame) -> str:
    """What the sheet is, and where its figures are from."""
    sources = f" Kilder: {'; '.join(frame.credits)}." if frame.credits else ""
    return (
        "Dagens plasser er fylte sektorer, nye plasser skraverte ringer; flaten viser antallet. "
        f"EUREF89 / UTM 32. Laget med flerkjerne.{sources}"
    )
