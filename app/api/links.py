"""Addresses in answers: paths from the server's root, right behind any proxy that keeps paths.

Map programs get them with the server's name, for QGIS does not understand them otherwise.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request

from app.schemas.run import Link
from app.services.comparison import FEWEST, MOST
from models import RunRow

RUNS = "/v1/runs"
BATCHES = "/v1/batches"
OGC = "/ogc"


def ogc_run(run_id: str) -> str:
    """Where the layers of a run are, for map programs."""
    return f"{OGC}/runs/{run_id}"


def ogc_scenario(scenario_id: str) -> str:
    """Where the layers of a scenario are, by its newest plan."""
    return f"{OGC}/scenarios/{scenario_id}"


def absolute(request: Request, path: str) -> str:
    """An address for programs that keep it: with the server's name, as the client wrote it."""
    return f"{str(request.base_url).rstrip('/')}{path}"


def next_page(request: Request, **query: str | int | None) -> str | None:
    """The address of this request with another query; None when a part of it is None."""
    if None in query.values():
        return None
    return f"{request.url.path}?{urlencode(query)}"


def batch_links(rows: Sequence[RunRow]) -> list[Link]:
    """A batch itself, and its plans side by side when there are all and few enough."""
    links = [Link(rel="self", href=f"{BATCHES}/{rows[0].batch_id}", type="application/json")]
    plans = all(row.has_result and row.kind == "solve" for row in rows)
    if plans and FEWEST <= len(rows) <= MOST:
        query = urlencode([("run", row.id) for row in rows])
        links.append(Link(rel="compare", href=f"/v1/compare?{query}", type="application/json"))
    return links


def run_links(row: RunRow) -> list[Link]:
    """A run itself, and what there is to read of it."""
    here = f"{RUNS}/{row.id}"
    links = [
        Link(rel="self", href=here, type="application/json"),
        Link(rel="incumbents", href=f"{here}/incumbents", type="application/json"),
        Link(rel="events", href=f"{here}/events", type="text/event-stream"),
    ]
    if row.has_result:
        links.append(Link(rel="result", href=f"{here}/result", type="application/json"))
    if row.has_result and row.kind == "solve":
        links += [
            Link(rel="plan", href=f"{here}/plan", type="application/json"),
            Link(rel="geojson", href=f"{here}/plan.geojson", type="application/geo+json"),
            Link(rel="ogc", href=ogc_run(row.id), type="application/json"),
            Link(rel="qgz", href=f"{here}/plan.qgz", type="application/x-qgis-project"),
            Link(rel="gpkg", href=f"{here}/plan.gpkg", type="application/geopackage+sqlite3"),
        ]
    return links
