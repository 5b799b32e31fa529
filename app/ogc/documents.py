"""Landing page, conformance, collections and schemas, as JSON objects with absolute links."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from app.ogc.datasets import Collection, Dataset
from geodata.crs import CRS84, CRSS
from geodata.frame import Frame
from geodata.layers import Field

Object = dict[str, Any]

JSON, HTML, GEOJSON = "application/json", "text/html", "application/geo+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
MEDIA = {"json": JSON, "html": HTML}
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
PLAYED = ("places", "allocation", "district_years", "projects")
"""Layers that have dates."""
_TYPES: Mapping[type[Any], Object] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
}


class Addresses:
    """Absolute addresses within a dataset; `origin` is the server's own, without a slash."""

    def __init__(self, origin: str, dataset_path: str) -> None:
        self.origin = origin
        self.base = f"{origin}{dataset_path}"

    def within(self, dataset_path: str) -> "Addresses":
        """Those of another dataset of the same server."""
        return Addresses(self.origin, dataset_path)

    def of(self, *parts: str, **query: Any) -> str:
        """The address of a part of the dataset."""
        path = "/".join((self.base, *(quote(part, safe="") for part in parts)))
        return f"{path}?{urlencode(query)}" if query else path


def link(rel: str, href: str, media_type: str, title: str | None = None) -> Object:
    """A link by RFC 8288, as an object."""
    told = {} if title is None else {"title": title}
    return {"href": href, "rel": rel, "type": media_type, **told}


def self_and_alternate(
    addresses: Addresses, parts: tuple[str, ...], shown: str, json_type: str = JSON, **query: Any
) -> list[Object]:
    """Links to a document as it is shown and as it may be shown instead."""
    media = {"json": json_type, "html": HTML}
    titles = {"json": "Dette dokumentet som JSON", "html": "Dette dokumentet som nettside"}
    return [
        link(
            "self" if form == shown else "alternate",
            addresses.of(*parts, **(query | {"f": form})),
            media[form],
            titles[form],
        )
        for form in sorted(media, key=lambda form: form != shown)
    ]


def landing_page(dataset: Dataset, addresses: Addresses, shown: str) -> Object:
    """What there is, and where."""
    parts = [
        link("child", f"{addresses.origin}{path}", JSON, title)
        for path, title in dataset.children()
    ]
    return {
        "title": dataset.title,
        "description": dataset.description,
        "links": [
            *self_and_alternate(addresses, (), shown),
            link("service-desc", addresses.of("api"), OPENAPI, "Beskrivelse av tjenesten"),
            link("service-doc", addresses.of("api", f="html"), HTML, "Beskrivelse av tjenesten"),
            link("conformance", addresses.of("conformance"), JSON, "Hva tjenesten oppfyller"),
            link("data", addresses.of("collections"), JSON, "Kartlagene"),
            *parts,
        ],
    }


def conformance(addresses: Addresses, shown: str) -> Object:
    """What the service claims to do."""
    links = self_and_alternate(addresses, ("conformance",), shown)
    return {"conformsTo": list(CONFORMS_TO), "links": links}


def collections(dataset: Dataset, frame: Frame | None, addresses: Addresses, shown: str) -> Object:
    """Every collection of a dataset; their extents where they are all of one source."""
    return {
        "links": self_and_alternate(addresses, ("collections",), shown),
        "crs": [crs.uri for crs in CRSS],
        "collections": [collection(one, frame, addresses, "json") for one in dataset.collections()],
    }


def collection(one: Collection, frame: Frame | None, addresses: Addresses, shown: str) -> Object:
    """A layer: what it is, where and when, and how to get at its features."""
    here = ("collections", one.id)
    return {
        "id": one.id,
        "title": one.title,
        "description": one.description,
        "itemType": "feature",
        **({} if frame is None else {"extent": _extent(one.layer, frame)}),
        "crs": [crs.uri for crs in CRSS],
        "storageCrs": CRS84.uri,
        "links": [
            *self_and_alternate(addresses, here, shown),
            link("items", addresses.of(*here, "items"), GEOJSON, "Objektene som GeoJSON"),
            link("items", addresses.of(*here, "items", f="html"), HTML, "Objektene som nettside"),
            link("describedby", addresses.of(*here, "schema"), SCHEMA, "Egenskapene"),
            link(QUERYABLES, addresses.of(*here, "queryables"), SCHEMA, "Det som kan spørres på"),
        ],
    }


def _extent(layer: str, frame: Frame) -> Object:
    """Of all layers of the source together."""
    extent: Object = {}
    if frame.bbox is not None:
        extent["spatial"] = {"bbox": [list(frame.bbox)], "crs": CRS84.uri}
    if layer in PLAYED:
        interval = [f"{frame.first_year}-01-01T00:00:00Z", f"{frame.last_year}-12-31T23:59:59Z"]
        extent["temporal"] = {
            "interval": [interval],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return extent


def schema(one: Collection, frame: Frame, address: str) -> Object:
    """The properties of a layer as a JSON Schema, by the titles that planners read."""
    kinds = {"allocation": "linestring"}
    if frame.outlined:
        kinds |= dict.fromkeys(("districts", "district_years"), "multipolygon")
    geometry = {
        "format": f"geometry-{kinds.get(one.layer, 'point')}",
        "x-ogc-role": "primary-geometry",
    }
    return _schema(one, frame, address, {"geometry": {"title": "Sted", **geometry}})


def queryables(one: Collection, frame: Frame, address: str) -> Object:
    """Properties that features may be filtered by, each by equality."""
    return _schema(one, frame, address, {}) | {"additionalProperties": False}


def _schema(one: Collection, frame: Frame, address: str, more: Object) -> Object:
    fields = frame.fields[one.layer]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": one.title,
        "properties": {**more, **{name: _property(field) for name, field in fields.items()}},
    }


def _property(field: Field) -> Object:
    kind = float if field.optional else field.kind  # as it is written
    return {"title": field.title, **_TYPES[kind]}
