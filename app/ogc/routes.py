"""`/ogc`: a landing page for everything, one for each run and one for each scenario.

All three answer alike. They are not in the OpenAPI document of the service, for each describes
itself at its own `api`.
"""

import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.conditional import unless_known
from app.api.dependencies import IfNoneMatch, ServicesHere
from app.api.links import OGC, absolute, ogc_run
from app.errors import NotFound
from app.ogc import datasets, documents, features, pages
from app.ogc.api_document import api_document
from app.ogc.datasets import Dataset
from app.ogc.documents import GEOJSON, JSON, OPENAPI, SCHEMA, Addresses
from app.ogc.parameters import FORMATS, ItemsQuery, bad, item_crs, items_query, only
from app.services.etags import tag_of
from app.services.maps import Source
from geodata.crs import Crs
from geodata.selection import select


def _shown(request: Request) -> str:
    """The form asked for: by `f`, else by what the client would rather have."""
    form = request.query_params.get("f")
    if form is None:
        first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
        return "html" if first in ("text/html", "application/xhtml+xml") else "json"
    if form not in FORMATS:
        mend = f"Bruk {' eller '.join(FORMATS)}."
        raise bad("parameter_invalid", "f", "Formatet er ukjent.", mend)
    return form


def _plainly_shown(request: Request) -> str:
    """As `_shown`, where there is nothing else to ask for."""
    only(request.query_params, ("f",))
    return _shown(request)


def _here(services: ServicesHere, request: Request) -> Dataset:
    """The dataset that the address is of; NotFound when there is none."""
    path = request.path_params
    for name, dataset_of in (("run_id", datasets.of_run), ("scenario_id", datasets.of_scenario)):
        if name in path:
            if not datasets.ID.fullmatch(path[name]):
                raise NotFound("not_found", "Adressen finnes ikke.")
            return dataset_of(services.maps, path[name])
    return datasets.of_everything(services.maps)


Shown = Annotated[str, Depends(_shown)]
PlainlyShown = Annotated[str, Depends(_plainly_shown)]
Here = Annotated[Dataset, Depends(_here)]


def _addresses(request: Request, dataset: Dataset) -> Addresses:
    return Addresses(absolute(request, ""), dataset.path)


def landing_page(request: Request, here: Here, shown: PlainlyShown) -> Response:
    """What there is, and where."""
    addresses = _addresses(request, here)
    document = documents.landing_page(here, addresses, shown)
    if shown == "json":
        return JSONResponse(document)
    return pages.answer(
        here.title,
        _crumbs(addresses, here)[:-1],
        pages.paragraph(here.description),
        pages.paragraph(f"Adresse for QGIS og andre kartprogrammer: {addresses.base}"),
        pages.links(_named(document["links"])),
    )


def conformance(request: Request, here: Here, shown: PlainlyShown) -> Response:
    """What the service claims to do."""
    addresses = _addresses(request, here)
    document = documents.conformance(addresses, shown)
    if shown == "json":
        return JSONResponse(document)
    claims = pages.links((uri, uri) for uri in document["conformsTo"])
    return pages.answer("Hva tjenesten oppfyller", _crumbs(addresses, here), claims)


def api(request: Request, here: Here, shown: PlainlyShown) -> Response:
    """The service-desc, and as a page the service-doc."""
    addresses = _addresses(request, here)
    document = api_document(here, addresses)
    if shown == "json":
        return Response(json.dumps(document, ensure_ascii=False), media_type=OPENAPI)
    text = [f"{path}: {told['get']['summary']}" for path, told in document["paths"].items()]
    parts = map(pages.paragraph, text)
    return pages.answer("Beskrivelse av tjenesten", _crumbs(addresses, here), *parts)


def collections(
    services: ServicesHere, request: Request, here: Here, shown: PlainlyShown
) -> Response:
    """Every collection of the dataset."""
    addresses = _addresses(request, here)
    frame = None if here.source is None else services.maps.frame(here.source)
    document = documents.collections(here, frame, addresses, shown)
    if shown == "json":
        return JSONResponse(document)
    listed = [
        (addresses.of("collections", one["id"], f="html"), one["title"])
        for one in document["collections"]
    ]
    return pages.answer("Kartlag", _crumbs(addresses, here), pages.links(listed))


def collection(
    services: ServicesHere,
    request: Request,
    here: Here,
    collection_id: str,
    shown: PlainlyShown,
) -> Response:
    """One layer."""
    one = here.find(collection_id)
    addresses = _addresses(request, here)
    document = documents.collection(one, services.maps.frame(one.read()), addresses, shown)
    if shown == "json":
        return JSONResponse(document)
    return pages.answer(
        one.title,
        _crumbs(addresses, here, "collections"),
        pages.paragraph(one.description),
        pages.links(_named(document["links"])),
    )


def schema(services: ServicesHere, request: Request, here: Here, collection_id: str) -> Response:
    """A layer's properties."""
    only(request.query_params, ())
    one = here.find(collection_id)
    address = _addresses(request, here).of("collections", one.id, "schema")
    document = documents.schema(one, services.maps.frame(one.read()), address)
    return JSONResponse(document, media_type=SCHEMA)


def queryables(
    services: ServicesHere, request: Request, here: Here, collection_id: str
) -> Response:
    """What a layer's features may be filtered by."""
    only(request.query_params, ())
    one = here.find(collection_id)
    address = _addresses(request, here).of("collections", one.id, "queryables")
    document = documents.queryables(one, services.maps.frame(one.read()), address)
    return JSONResponse(document, media_type=SCHEMA)


def items(
    services: ServicesHere,
    request: Request,
    here: Here,
    collection_id: str,
    shown: Shown,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Features that fit the query, a page at a time."""
    one = here.find(collection_id)
    source = one.read()
    fields = services.maps.frame(source).fields[one.layer]
    asked = items_query(request.query_params, fields)
    addresses = _addresses(request, here)

    def make() -> Response:
        table = services.maps.table(source, one.layer)
        chosen = select(table, asked.selection)
        page = chosen[asked.offset : asked.offset + asked.limit]
        links = _page_links(request, addresses, one.id, shown, source, asked, len(chosen))
        text = features.page(table, page, asked.crs, len(chosen), links)
        if shown == "json":
            return _geojson(text, asked.crs)
        found = json.loads(text)["features"]
        crumbs = _crumbs(addresses, here, "collections", one.id)
        to_items = [
            addresses.of("collections", one.id, "items", feature["id"], f="html")
            for feature in found
        ]
        told = f"{len(page)} av {len(chosen)} objekter."
        return pages.answer(
            one.title,
            crumbs,
            pages.paragraph(told),
            pages.links(_named(links)),
            pages.features(found, fields, to_items),
        )

    return unless_known(if_none_match, _tag(request, source, one.id, shown), make)


def item(
    services: ServicesHere,
    request: Request,
    here: Here,
    collection_id: str,
    feature_id: str,
    shown: Shown,
) -> Response:
    """One feature."""
    one = here.find(collection_id)
    source = one.read()
    crs = item_crs(request.query_params)
    table = services.maps.table(source, one.layer)
    row = table.row_of(feature_id)
    if row is None:
        raise NotFound("feature_not_found", "Objektet finnes ikke.")
    addresses = _addresses(request, here)
    parts = ("collections", one.id, "items", feature_id)
    links = [
        *documents.self_and_alternate(addresses, parts, shown, GEOJSON),
        documents.link("collection", addresses.of("collections", one.id), JSON, one.title),
    ]
    text = features.single(table, row, crs, links)
    if shown == "json":
        return _geojson(text, crs)
    fields = services.maps.frame(source).fields[one.layer]
    crumbs = _crumbs(addresses, here, "collections", one.id, "items")
    return pages.answer(feature_id, crumbs, pages.feature(json.loads(text), fields))


def _geojson(text: str, crs: Crs) -> Response:
    return Response(text, media_type=GEOJSON, headers={"Content-Crs": f"<{crs.uri}>"})


def _tag(request: Request, source: Source, *what: str) -> str:
    """Of what a source says to this address at this version of the software."""
    told = (source.version, str(request.url), version("flerkjerne"), *what)
    return tag_of(*told)


def _page_links(
    request: Request,
    addresses: Addresses,
    collection_id: str,
    shown: str,
    source: Source,
    asked: ItemsQuery,
    matched: int,
) -> features.Links:
    """To this page in its forms, to the collection, and to the page after it.

    The next page is the run's own, whatever the address of this: were the scenario solved again
    meanwhile, features would be left out or come twice.
    """
    query = {name: text for name, text in request.query_params.items() if name != "f"}
    here = ("collections", collection_id, "items")
    links = [
        *documents.self_and_alternate(addresses, here, shown, GEOJSON, **query),
        documents.link("collection", addresses.of("collections", collection_id), JSON),
    ]
    end = asked.offset + asked.limit
    if end < matched:
        media = documents.MEDIA["html"] if shown == "html" else GEOJSON
        rest = query | {"limit": asked.limit, "offset": end, "f": shown}
        links.append(
            documents.link("next", _pinned(addresses, source, here, rest), media, "Neste side")
        )
    return links


def _pinned(
    addresses: Addresses, source: Source, here: tuple[str, ...], query: dict[str, Any]
) -> str:
    if source.run_id is None:
        return addresses.of(*here, **query)
    layer = here[1].rpartition(".")[2]
    return addresses.within(ogc_run(source.run_id)).of("collections", layer, "items", **query)


def _named(links: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(link["href"], link.get("title", link["rel"])) for link in links]


def _crumbs(addresses: Addresses, here: Dataset, *parts: str) -> list[tuple[str, str]]:
    """The pages above: all that there is, this dataset, and its own down to the named one."""
    names = {"collections": "Kartlag", "items": "Objekter"}
    crumbs = [(f"{addresses.origin}{OGC}?f=html", "flerkjerne")]
    if here.path != OGC:
        crumbs.append((addresses.of(f="html"), here.title))
    for depth, part in enumerate(parts, start=1):
        crumbs.append((addresses.of(*parts[:depth], f="html"), names.get(part, part)))
    return crumbs


_ROUTES: dict[str, Callable[..., Response]] = {
    "": landing_page,
    "/": landing_page,
    "/conformance": conformance,
    "/api": api,
    "/collections": collections,
    "/collections/{collection_id}": collection,
    "/collections/{collection_id}/schema": schema,
    "/collections/{collection_id}/queryables": queryables,
    "/collections/{collection_id}/items": items,
    "/collections/{collection_id}/items/{feature_id:path}": item,
}
router = APIRouter()
for _of in ("/runs/{run_id}", "/scenarios/{scenario_id}", ""):
    for _path, _answer in _ROUTES.items():
        router.add_api_route(f"{OGC}{_of}{_path}", _answer, include_in_schema=False)
