"""The XML that QGIS writes its settings in."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, tostring

Attributes = Mapping[str, str | float]

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
VERSION = "3.22.16"
"""The oldest that is tried; newer ones read what it writes."""
_SYSTEMS = {
    4326: (3452, "+proj=longlat +datum=WGS84 +no_defs"),
    25832: (2105, "+proj=utm +zone=32 +ellps=GRS80 +units=m +no_defs"),
    3857: (3857, "+proj=merc +a=6378137 +b=6378137 +units=m +nadgrids=@null +no_defs"),
}
"""QGIS's own number of a system, which must not be 0, and its definition."""


def element(tag: str, attributes: Attributes | None = None, *children: Element | str) -> Element:
    """An element with its text, or its children."""
    made = Element(tag, {name: str(value) for name, value in (attributes or {}).items()})
    for child in children:
        if isinstance(child, str):
            made.text = child
        else:
            made.append(child)
    return made


def document(root: Element) -> str:
    """The text of a file."""
    return DOCTYPE + tostring(root, encoding="unicode") + "\n"


def options(values: Mapping[str, str | Element]) -> Element:
    """A map of QGIS: texts, or options made elsewhere, which get their name here."""
    return element("Option", {"type": "Map"}, *(_option(*item) for item in values.items()))


def _option(name: str, value: str | Element) -> Element:
    if isinstance(value, str):
        return element("Option", {"name": name, "value": value, "type": "QString"})
    value.set("name", name)
    return value


def value_list(values: Iterable[Element]) -> Element:
    """A list of QGIS."""
    return element("Option", {"type": "List"}, *values)


def by_expression(tag: str, expressions: Mapping[str, str]) -> Element:
    """Settings that are computed for each feature."""
    properties = {name: _expression(text) for name, text in expressions.items()}
    return element(
        tag, {}, options({"name": "", "properties": options(properties), "type": "collection"})
    )


def _expression(text: str) -> Element:
    return element(
        "Option",
        {"type": "Map"},
        element("Option", {"name": "active", "value": "true", "type": "bool"}),
        element("Option", {"name": "expression", "value": text, "type": "QString"}),
        element("Option", {"name": "type", "value": 3, "type": "int"}),
    )


def system(code: int) -> Element:
    """A coordinate reference system by its EPSG code."""
    number, definition = _SYSTEMS[code]
    parts = {"proj4": definition, "srsid": str(number), "srid": str(code), "authid": f"EPSG:{code}"}
    return element("spatialrefsys", {}, *(element(tag, {}, text) for tag, text in parts.items()))


def key(*parts: str) -> str:
    """A UUID in braces, the same whenever it is made."""
    return f"{{{uuid5(NAMESPACE_URL, '/'.join(('flerkjerne', *parts)))}}}"


def layer_id(name: str) -> str:
    """A layer within a project; QGIS makes another of one of ten letters or fewer."""
    return f"flerkjerne_{name}"


def column(name: str) -> str:
    """A property in an expression."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in an expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def total(terms: Sequence[str]) -> str:
    """A sum as an expression."""
    return " + ".join(terms) or "0"
