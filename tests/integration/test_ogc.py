"""OGC API – Features over HTTP: what a standard client is promised, and what it may get wrong."""

from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from app.db import Database
from app.ogc.documents import CONFORMS_TO
from geodata.layers import MAP_LAYERS
from tests.local_client import ORIGIN

from .conftest import StartClient
from .test_access import bearer, make_key

Toy = dict[str, Any]
PROBLEM = "application/problem+json"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
TOWN = "/ogc/scenarios/{}"


@pytest.fixture
def scenario(client: TestClient, toy: Toy) -> str:
    return stored(client, toy)


def stored(client: TestClient, toy: Toy) -> str:
    scenario_id: str = client.post("/v1/scenarios", json=toy).json()["id"]
    return scenario_id


def solved(client: TestClient, scenario: str | Toy, **more: Any) -> str:
    asked = {"scenario": scenario, **more}
    answer = client.post("/v1/runs", json=asked, headers={"Prefer": "wait=30"})
    assert answer.json()["status"] == "successful"
    run_id: str = answer.json()["id"]
    return run_id


def read(client: TestClient, address: str, **query: Any) -> Any:
    answer = client.get(address, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def links(document: Toy) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def every_address(client: TestClient, toy: Toy) -> list[str]:
    run = solved(client, stored(client, toy))
    return ["/ogc", f"/ogc/runs/{run}", "/ogc/scenarios/lillehammer"]


def test_every_landing_page_leads_to_everything(client: TestClient, toy: Toy) -> None:
    for address in every_address(client, toy):
        page = links(read(client, address))
        assert all(href.startswith(ORIGIN) for href in page.values())
        assert read(client, page["self"]) == read(client, address)
        assert read(client, f"{address}/") == read(client, address)
        assert read(client, page["conformance"])["conformsTo"] == list(CONFORMS_TO)
        described = client.get(page["service-desc"])
        assert described.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
        assert described.json()["servers"] == [{"url": f"{ORIGIN}{address}"}]
        limit = described.json()["components"]["parameters"]["limit"]["schema"]
        assert limit == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1000}
        for one in read(client, page["data"])["collections"]:
            assert links(one)["self"].startswith(f"{ORIGIN}{address}/collections/")
            assert one["storageCrs"] in one["crs"]


def test_a_scenario_has_its_layers_before_it_is_solved(client: TestClient, scenario: str) -> None:
    address = TOWN.format(scenario)
    listed = read(client, f"{address}/collections")["collections"]
    assert [one["id"] for one in listed] == list(MAP_LAYERS)
    assert listed[0]["extent"]["spatial"]["bbox"] == [[10.46, 61.115, 10.47, 61.12]]
    played = {one["id"] for one in listed if "temporal" in one["extent"]}
    assert played == {"places", "allocation", "district_years", "projects"}
    places = read(client, f"{address}/collections/places/items", year=2027)["features"]
    assert [one["properties"]["places_existing_hdo"] for one in places] == [10]
    assert read(client, f"{address}/collections/allocation/items")["numberMatched"] == 0


def test_a_scenario_follows_its_newest_plan(client: TestClient, toy: Toy, scenario: str) -> None:
    address = TOWN.format(scenario)
    first = solved(client, scenario)
    assert first in read(client, address)["description"]
    client.patch(
        f"/v1/scenarios/{scenario}",
        json={"sites": {"helsehus": {"title": "Nytt navn"}}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    sites = f"{address}/collections/sites/items"
    assert read(client, sites)["features"][0]["properties"]["title"] == "Helsehuset"
    second = solved(client, scenario)
    assert second in read(client, address)["description"]
    assert read(client, sites)["features"][0]["properties"]["title"] == "Nytt navn"
    of_first = read(client, f"/ogc/runs/{first}/collections/sites/items")["features"]
    assert of_first[0]["properties"]["title"] == "Helsehuset"


def test_the_root_has_scenarios_and_runs(client: TestClient, toy: Toy, scenario: str) -> None:
    run = solved(client, scenario)
    root = read(client, "/ogc")
    children = [link["href"] for link in root["links"] if link["rel"] == "child"]
    assert f"{ORIGIN}/ogc/runs/{run}" in children
    assert f"{ORIGIN}/ogc/scenarios/{scenario}" in children
    listed = {one["id"]: one for one in read(client, "/ogc/collections")["collections"]}
    assert f"scenario-{scenario}.places" in listed
    assert listed[f"run-{run}.districts"]["title"].endswith(": Kretser")
    items = read(client, links(listed[f"run-{run}.districts"])["items"].split("?")[0])
    assert items["numberMatched"] == 1


def test_only_plans_are_shown(client: TestClient, toy: Toy) -> None:
    waiting = client.post("/v1/runs", json={"scenario": {**toy, "title": "hang"}}).json()["id"]
    answer = client.get(f"/ogc/runs/{waiting}")
    assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_ready")
    client.delete(f"/v1/runs/{waiting}")
    assert client.get(f"/ogc/runs/{waiting}/collections").json()["code"] == "no_plan"
    stress = client.post("/v1/runs", json={"scenario": toy, "kind": "repair"}).json()["id"]
    assert client.get(f"/ogc/runs/{stress}").json()["code"] == "not_a_plan"
    assert all(waiting not in link["href"] for link in read(client, "/ogc")["links"])


def test_pages_are_linked_to_the_end_and_stay_with_one_plan(
    client: TestClient, toy: Toy, scenario: str
) -> None:
    toy["title"] = "answer"
    toy["districts"] = {f"d{n:02}": toy["districts"]["nord"] for n in range(7)}
    client.put(f"/v1/scenarios/{scenario}", json=toy)
    run = solved(client, scenario)
    address = f"{TOWN.format(scenario)}/collections/districts/items"
    found: list[str] = []
    page = read(client, address, limit=3)
    while True:
        found += [feature["id"] for feature in page["features"]]
        assert (page["numberMatched"], page["numberReturned"]) == (7, len(page["features"]))
        following = links(page).get("next")
        if following is None:
            break
        assert following.startswith(f"{ORIGIN}/ogc/runs/{run}/collections/districts/items?")
        solved(client, scenario)  # which moves the scenario's own address on
        page = read(client, following)
    assert found == sorted(toy["districts"])


def test_the_next_page_keeps_the_question(client: TestClient, scenario: str) -> None:
    address = f"{TOWN.format(scenario)}/collections/places/items"
    asked = {"bbox": "61,10,62,11", "bbox-crs": f"{EPSG}4326", "crs": f"{EPSG}25832", "limit": 1}
    page = read(client, address, **asked)
    second = client.get(links(page)["next"])
    assert second.headers["content-crs"] == f"<{EPSG}25832>"
    assert second.json()["numberMatched"] == 3
    assert second.json()["features"][0]["id"] == "helsehus/2027"


def test_a_feature_has_an_address_of_its_own(client: TestClient, scenario: str) -> None:
    address = f"{TOWN.format(scenario)}/collections/places/items"
    feature = read(client, f"{address}/helsehus%2F2027", crs=f"{EPSG}4326")
    assert feature["geometry"] == {"type": "Point", "coordinates": [61.115, 10.47]}
    assert read(client, links(feature)["self"])["id"] == "helsehus/2027"
    assert links(feature)["collection"] == f"{ORIGIN}{address.removesuffix('/items')}"
    assert client.get(f"{address}/helsehus%2F1999").json()["code"] == "feature_not_found"


def test_properties_are_described_in_norwegian(client: TestClient, scenario: str) -> None:
    address = f"{TOWN.format(scenario)}/collections/places"
    linked = links(read(client, address))
    for rel in ("describedby", "http://www.opengis.net/def/rel/ogc/1.0/queryables"):
        schema = read(client, linked[rel])
        assert schema["$id"] == linked[rel]
        assert schema["properties"]["places_new_hdo"] == {
            "title": "Nye plasser: HDO-plass",
            "type": "integer",
        }
        assert schema["properties"]["from_date"]["format"] == "date"
    features = read(client, f"{address}/items")["features"]
    described = set(read(client, linked["describedby"])["properties"]) - {"geometry"}
    assert {frozenset(feature["properties"]) for feature in features} == {frozenset(described)}


class Checked(HTMLParser):
    """Notes the tags, and what a page of ours must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


DOCUMENTS = [
    *("", "/conformance", "/api", "/collections", "/collections/places"),
    *("/collections/places/items", "/collections/places/items/helsehus%2F2027"),
]


def test_every_document_is_a_page_too(client: TestClient, toy: Toy) -> None:
    toy["sites"]["helsehus"]["title"] = "<script>alert(1)</script> & «Åsen»"
    scenario = stored(client, toy)
    for path in DOCUMENTS:
        address = f"{TOWN.format(scenario)}{path}"
        by_form = client.get(address, params={"f": "html"})
        by_header = client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
        for answer in (by_form, by_header):
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "script-src" not in answer.headers["content-security-policy"]
            page = Checked()
            page.feed(answer.text)
            assert page.open == []
            assert "script" not in page.tags
            assert page.tags.count("h1") == 1
            assert '<html lang="nb">' in answer.text


def test_answers_that_are_known_are_not_sent_again(client: TestClient, scenario: str) -> None:
    address = f"{TOWN.format(scenario)}/collections/sites/items"
    tag = client.get(address).headers["etag"]
    known = {"If-None-Match": tag}
    assert client.get(address, headers=known).status_code == 304
    assert client.get(address, params={"limit": 1}, headers=known).status_code == 200
    assert client.get(address, headers=known | {"Accept": "text/html"}).status_code == 200
    solved(client, scenario)
    assert client.get(address, headers=known).status_code == 200


def test_head_is_answered_everywhere(client: TestClient, scenario: str) -> None:
    for path in ("", "/api", "/collections", "/collections/sites/items"):
        answer = client.head(f"{TOWN.format(scenario)}{path}")
        assert (answer.status_code, answer.content) == (200, b"")


NOT_THERE = [
    *("/ogc/runs/nothing", "/ogc/scenarios/nothing", "/ogc/nothing", "/ogc/collections/x"),
    *("/ogc/collections/run-nothing.sites/items", "/ogc/collections/scenario-.sites"),
    *("/ogc/collections/scenario-lillehammer.roads", "/ogc/collections/.sites/schema"),
    *("/ogc/scenarios/lillehammer/collections/roads", "/ogc/runs/%00", "/ogc/scenarios/%00"),
    *("/ogc/collections/run-%00.sites", "/ogc/collections/scenario-%00.sites/items"),
    *("/ogc/scenarios/lillehammer/collections/%00/items", "/ogc/runs/a%20b/api"),
    *("/ogc/scenarios/lillehammer/collections/sites/items/%00", "/ogc/scenarios/%ff"),
    f"/ogc/runs/{'x' * 200}",
]


def test_what_there_is_not_is_not_found(client: TestClient) -> None:
    for path in NOT_THERE:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), path


NOT_UNDERSTOOD = [
    *("?limit=1", "?f=xml", "?f=", "/conformance?x=1", "/collections?limit=1", "/api?f=yaml"),
    *("/collections/sites?bbox=1,2,3,4", "/collections/sites/schema?f=html"),
    *("/collections/sites/items?f=gml", "/collections/sites/items?crs=EPSG:25832"),
    *("/collections/sites/items?bbox=1,2,3", "/collections/sites/items?datetime=2035"),
    *("/collections/sites/items?limit=0", "/collections/sites/items?year=2035"),
    *("/collections/places/items?year=to", "/collections/places/items?%00=1"),
    *("/collections/sites/items/helsehus?limit=1", "/collections/sites/items?f=json&f=html"),
]


def test_what_is_not_understood_is_refused(client: TestClient) -> None:
    for path in NOT_UNDERSTOOD:
        answer = client.get(f"/ogc/scenarios/lillehammer{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM), path
        assert answer.json()["issues"][0]["pointer"].startswith("/query/")


def test_an_odd_host_does_no_harm(start: StartClient, sqlite_url: str) -> None:
    """Only a service with log-in listens to it at all."""
    key = make_key(Database(sqlite_url), "nord")
    hosts = ('"><script>', "a b", "æøå.no", "[::1", "x:99999", "")
    with start(sqlite_url, require_login=True) as client:
        for host, form in product(hosts, ("json", "html")):
            headers = {**bearer(key), "Host": host.encode()}
            answer = client.get("/ogc/scenarios/lillehammer", params={"f": form}, headers=headers)
            assert answer.status_code < 500
            assert "<script>" not in answer.text


def test_addresses_are_those_of_the_proxy(start: StartClient, sqlite_url: str) -> None:
    with start(sqlite_url, own_hosts="kart.example.no") as client:
        page = client.get("/ogc/scenarios/lillehammer", headers={"Host": "kart.example.no"})
    assert urlsplit(links(page.json())["data"]).netloc == "kart.example.no"
