"""Symbols of QGIS. Sizes and widths in millimetres on paper, colours as #rrggbb."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from geodata.qgis.elements import Attributes, by_expression, element, options

FONT = "Open Sans"
"""Of sheets and legends; where it is not there, another takes its place."""
LETTERS = "Arial"
"""Of letters drawn as symbols: they must have a font, and Windows and macOS have this one."""
Expressions = Mapping[str, str]


def symbol(kind: str, name: str, *layers: Element, opacity: float = 1) -> Element:
    """Layers one upon the other, the lowest first; `kind` is marker, line or fill."""
    attributes: Attributes = {
        "type": kind,
        "name": name,
        "alpha": opacity,
        "clip_to_extent": 1,
        "force_rhr": 0,
    }
    return element("symbol", attributes, *layers)


def _layer(
    drawn_by: str, settings: Mapping[str, str], computed: Expressions | None, *inside: Element
) -> Element:
    attributes: Attributes = {"class": drawn_by, "enabled": 1, "locked": 0, "pass": 0}
    parts = [options(settings)]
    if computed:
        parts.append(by_expression("data_defined_properties", computed))
    return element("layer", attributes, *parts, *inside)


def marker(
    shape: str,
    size: float,
    fill: str | None,
    outline: str,
    width: float,
    computed: Expressions | None = None,
) -> Element:
    """A shape such as circle, diamond or square; fill None: hollow."""
    settings = {
        "name": shape,
        "size": str(size),
        "size_unit": "MM",
        "color": _rgba(fill),
        "outline_color": _rgba(outline),
        "outline_width": str(width),
        "outline_width_unit": "MM",
        "outline_style": "solid" if width else "no",
        "offset_unit": "MM",
    }
    return _layer("SimpleMarker", settings, computed)


def lettering(size: float, colour: str, edge: float, computed: Expressions) -> Element:
    """A text, with an edge of its colour; `char` is what is written."""
    settings = {
        "font": LETTERS,
        "font_style": "Bold",
        "chr": " ",  # nothing where nothing is computed, as in a legend
        "size": str(size),
        "size_unit": "MM",
        "color": _rgba(colour),
        "outline_color": _rgba(colour),
        "outline_width": str(edge),
        "outline_width_unit": "MM",
        "offset_unit": "MM",
    }
    return _layer("FontMarker", settings, computed)


def filled_circle(fill: Element, computed: Expressions) -> Element:
    """A circle filled as areas are."""
    settings = {"name": "circle", "size": "2", "size_unit": "MM"}
    return _layer("FilledMarker", settings, computed, fill)


def area(fill: str | None, outline: str, width: float) -> Element:
    """A plain fill with an outline."""
    return _layer(
        "SimpleFill",
        {
            "color": _rgba(fill),
            "style": "no" if fill is None else "solid",
            "outline_color": _rgba(outline),
            "outline_width": str(width),
            "outline_width_unit": "MM",
            "outline_style": "solid" if width else "no",
            "joinstyle": "round",
        },
        None,
    )


def hatching(colour: str, width: float, distance: float) -> Element:
    """Slanting lines over an area."""
    line = symbol("line", "hatching", stroke(colour, width))
    settings = {"angle": "45", "distance": str(distance), "distance_unit": "MM"}
    return _layer("LinePatternFill", settings, None, line)


def stroke(colour: str, width: float) -> Element:
    """A line with round ends."""
    return _layer(
        "SimpleLine",
        {
            "line_color": _rgba(colour),
            "line_width": str(width),
            "line_width_unit": "MM",
            "line_style": "solid",
            "capstyle": "round",
            "joinstyle": "round",
        },
        None,
    )


def _rgba(colour: str | None) -> str:
    """As QGIS writes it: four numbers; None is transparent."""
    if colour is None:
        return "255,255,255,0"
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},255"
