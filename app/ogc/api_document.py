"""The service-desc of a dataset: OpenAPI 3.0, which is what map programs read.

The rest of the service is described at `/openapi.json`, in OpenAPI 3.1.
"""

from importlib.metadata import version
from typing import Any

from app.ogc.datasets import Dataset
from app.ogc.documents import GEOJSON, HTML, JSON, SCHEMA, Addresses
from app.ogc.parameters import DEFAULT_LIMIT, FORMATS, MOST_ITEMS
from geodata.crs import CRS84, CRSS

Object = dict[str, Any]

_PROBLEM = "application/problem+json"
_CRS = {"type": "string", "enum": [crs.uri for crs in CRSS], "default": CRS84.uri}
_BOX = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_LIMIT}
_PARAMETERS: dict[str, Object] = {
    "f": {"schema": {"type": "string", "enum": list(FORMATS)}},
    "limit": {"schema": _LIMIT},
    "offset": {"schema": {"type": "integer", "minimum": 0, "default": 0}},
    "bbox": {"schema": _BOX, "style": "form", "explode": False},
    "bbox-crs": {"schema": _CRS},
    "crs": {"schema": _CRS},
    "datetime": {"schema": {"type": "string"}},
    "property": {
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        "style": "form",
        "explode": True,
        "description": "Egenskaper fra «queryables» og verdien de skal ha, for eksempel year=2035.",
    },
}
_COLLECTION, _FEATURE = (
    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in ("collectionId", "featureId")
)


def api_document(dataset: Dataset, addresses: Addresses) -> Object:
    """What can be asked of a dataset."""
    layer = "/collections/{collectionId}"
    return {
        "openapi": "3.0.3",
        "info": {
            "title": dataset.title,
            "description": dataset.description,
            "version": version("flerkjerne"),
        },
        "servers": [{"url": addresses.base}],
        "paths": {
            "/": _path("getLandingPage", "Forsiden", (JSON, HTML), ("f",)),
            "/conformance": _path("getConformance", "Hva som oppfylles", (JSON, HTML), ("f",)),
            "/collections": _path("getCollections", "Kartlagene", (JSON, HTML), ("f",)),
            layer: _path("getCollection", "Et kartlag", (JSON, HTML), ("f",), _COLLECTION),
            f"{layer}/schema": _path("getSchema", "Egenskapene", (SCHEMA,), (), _COLLECTION),
            f"{layer}/queryables": _path(
                "getQueryables", "Det som kan spørres på", (SCHEMA,), (), _COLLECTION
            ),
            f"{layer}/items": _path(
                "getFeatures", "Objektene", (GEOJSON, HTML), tuple(_PARAMETERS), _COLLECTION
            ),
            f"{layer}/items/{{featureId}}": _path(
                "getFeature", "Et objekt", (GEOJSON, HTML), ("f", "crs"), _COLLECTION, _FEATURE
            ),
        },
        "components": {
            "parameters": {
                name: {"name": name, "in": "query", **told} for name, told in _PARAMETERS.items()
            }
        },
    }


def _path(
    operation: str, summary: str, media: tuple[str, ...], query: tuple[str, ...], *path: Object
) -> Object:
    named = [{"$ref": f"#/components/parameters/{name}"} for name in query]
    content = {each: {"schema": {"type": "object"}} for each in media if each != HTML}
    if HTML in media:
        content[HTML] = {"schema": {"type": "string"}}
    problem = {"content": {_PROBLEM: {"schema": {"type": "object"}}}}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [*path, *named],
            "responses": {
                "200": {"description": "OK", "content": content},
                "400": {"description": "Kan ikke leses", **problem},
                "404": {"description": "Finnes ikke", **problem},
            },
        }
    }
