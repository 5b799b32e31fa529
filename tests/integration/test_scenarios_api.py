"""`/v1/scenarios` on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

Toy = dict[str, Any]


def test_a_scenario_is_stored_as_it_was_written(client: TestClient, toy: Toy) -> None:
    made = client.post("/v1/scenarios", json=toy)
    assert made.status_code == 201
    resource = made.json()
    assert made.headers["location"] == f"/v1/scenarios/{resource['id']}"
    assert resource["title"] == toy["title"]
    assert resource["document"] == toy
    assert list(resource["document"]) == list(toy)
    read = client.get(made.headers["location"])
    assert read.json() == resource
    assert read.headers["etag"] == made.headers["etag"]


def test_a_change_of_another_scenario(client: TestClient, toy: Toy) -> None:
    base = client.post("/v1/scenarios", json=toy).json()["id"]
    changes = {"title": "Et annet", "projects": {"nybygg": None}}
    made = client.post("/v1/scenarios", json={"based_on": base, "changes": changes})
    assert made.status_code == 201
    assert made.json()["document"] == {**toy, "title": "Et annet", "projects": {}}
    assert client.get(f"/v1/scenarios/{base}").json()["document"] == toy


def test_a_bundled_scenario_can_be_read_and_changed_into_ones_own(client: TestClient) -> None:
    bundled = client.get("/v1/scenarios/lillehammer-2018")
    assert bundled.status_code == 200
    assert bundled.json()["created"] is None
    made = client.post(
        "/v1/scenarios", json={"based_on": "lillehammer-2018", "changes": {"title": "Min"}}
    )
    assert made.json()["document"] == {**bundled.json()["document"], "title": "Min"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_bundled_scenario_is_read_only(sqlite_client: TestClient, toy: Toy, method: str) -> None:
    answer = sqlite_client.request(method, "/v1/scenarios/lillehammer", json=toy)
    assert (answer.status_code, answer.json()["code"]) == (409, "scenario_bundled")


def test_put_patch_and_delete(client: TestClient, toy: Toy) -> None:
    address = client.post("/v1/scenarios", json=toy).headers["location"]
    put = client.put(address, json={**toy, "title": "To"})
    assert (put.status_code, put.json()["title"]) == (200, "To")
    patched = client.patch(
        address,
        content=b'{"title": "Tre", "price_year": 2026}',
        headers={"content-type": "application/merge-patch+json"},
    )
    assert patched.json()["document"] == {**toy, "title": "Tre", "price_year": 2026}
    assert patched.json()["updated"] >= put.json()["updated"] > put.json()["created"]
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["code"] == "scenario_not_found"
    assert client.delete(address).status_code == 404


def test_versions(client: TestClient, toy: Toy) -> None:
    made = client.post("/v1/scenarios", json=toy)
    address, first = made.headers["location"], made.headers["etag"]
    assert client.get(address, headers={"if-none-match": first}).status_code == 304
    assert client.get(address, headers={"if-none-match": f'"x", W/{first}'}).status_code == 304
    put = client.put(address, json=toy, headers={"if-match": first})
    assert put.status_code == 200
    second = put.headers["etag"]
    assert second != first
    assert client.get(address, headers={"if-none-match": first}).status_code == 200
    for stale in (first, f"W/{second}", '"x"'):
        for method in ("PUT", "PATCH", "DELETE"):
            answer = client.request(method, address, json=toy, headers={"if-match": stale})
            assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert client.patch(address, json={}, headers={"if-match": "*"}).status_code == 200
    assert client.delete(address, headers={"if-match": f'"x", {second}'}).status_code == 412


def test_several_lines_of_conditions_are_one_list(client: TestClient, toy: Toy) -> None:
    made = client.post("/v1/scenarios", json=toy)
    address, etag = made.headers["location"], made.headers["etag"]
    for tags in ([etag, '"x"'], ['"x"', '"y"', etag]):
        known = [("if-none-match", tag) for tag in tags]
        assert client.get(address, headers=known).status_code == 304
    stale = [("if-match", '"x"'), ("if-match", '"y"')]
    assert client.patch(address, json={}, headers=stale).status_code == 412
    several = [*stale, ("if-match", etag)]
    assert client.patch(address, json={"title": "To"}, headers=several).status_code == 200
    assert client.patch(address, json={"title": "Tre"}, headers=several).status_code == 412


def test_of_many_that_change_one_version_one_wins(client: TestClient, toy: Toy) -> None:
    made = client.post("/v1/scenarios", json=toy)
    headers = {"if-match": made.headers["etag"]}

    def change(number: int) -> int:
        changes = {"title": f"Nummer {number}"}
        return client.patch(made.headers["location"], json=changes, headers=headers).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(change, range(20)))
    assert statuses == [200] + [412] * 19


def test_no_change_is_lost_without_if_match(client: TestClient, toy: Toy) -> None:
    address = client.post("/v1/scenarios", json=toy).headers["location"]
    sites = {f"site{n}": {"title": str(n), "location": [10.4, 61.1]} for n in range(10)}
    with ThreadPoolExecutor(10) as pool:
        statuses = pool.map(
            lambda item: client.patch(address, json={"sites": dict([item])}).status_code,
            sites.items(),
        )
    assert set(statuses) == {200}
    assert set(client.get(address).json()["document"]["sites"]) == {"helsehus", *sites}


def test_lists_run_from_newest_to_oldest_and_stay_in_place(client: TestClient, toy: Toy) -> None:
    ids = [client.post("/v1/scenarios", json=toy).json()["id"] for _ in range(5)]
    seen, address = [], "/v1/scenarios?limit=2"
    while address:
        page = client.get(address).json()
        seen += [item["id"] for item in page["items"]]
        address = page["next"]
        client.post("/v1/scenarios", json=toy)
        client.delete(f"/v1/scenarios/{seen[-1]}")
    assert seen == ids[::-1]
    assert "document" not in page["items"][0]


@pytest.mark.parametrize(
    "cursor", ["x", "å", "AAAA", "MjAyNi0wMS0wMSAx", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCBh"]
)
def test_foreign_cursors_are_refused(sqlite_client: TestClient, cursor: str) -> None:
    answer = sqlite_client.get("/v1/scenarios", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_a_bad_document_is_answered_with_every_issue(sqlite_client: TestClient, toy: Toy) -> None:
    toy["care_types"]["hdo"]["operating_cost_nok"] = -1
    toy["projects"]["nybygg"]["site"] = "ukjent"
    toy["colour"] = "red"
    answer = sqlite_client.post("/v1/scenarios", json=toy)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "scenario_invalid"
    assert {issue["pointer"] for issue in problem["issues"]} >= {
        "/care_types/hdo/operating_cost_nok",
        "/colour",
    }
    assert all(issue["message"] and issue["mend"] for issue in problem["issues"])
    checked = sqlite_client.post("/v1/scenarios/validate", json=toy)
    assert checked.status_code == 422
    assert checked.json() == problem


def test_a_good_document_is_valid(sqlite_client: TestClient, toy: Toy) -> None:
    answer = sqlite_client.post("/v1/scenarios/validate", json=toy)
    assert answer.json() == {"valid": True, "issues": []}
    assert sqlite_client.get("/v1/scenarios").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"based_on": "nowhere"}, "/based_on"),
        ({"based_on": 3}, "/based_on"),
        ({"based_on": "lillehammer", "changes": []}, "/changes"),
        ({"based_on": "lillehammer", "extra": 1}, "/extra"),
        ({"based_on": "lillehammer", "changes": {"years": {"first": "x"}}}, "/years/first"),
    ],
)
def test_a_bad_change_is_told_where(sqlite_client: TestClient, body: Toy, pointer: str) -> None:
    answer = sqlite_client.post("/v1/scenarios", json=body)
    assert answer.status_code == 422
    assert pointer in [issue["pointer"] for issue in answer.json()["issues"]]


def test_a_key_makes_one_scenario_however_many_send_it(client: TestClient, toy: Toy) -> None:
    headers = {"idempotency-key": "once"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: client.post("/v1/scenarios", json=toy, headers=headers), range(20))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(client.get("/v1/scenarios").json()["items"]) == 1


def test_a_key_with_another_body_is_refused(client: TestClient, toy: Toy) -> None:
    headers = {"idempotency-key": "once"}
    client.post("/v1/scenarios", json=toy, headers=headers)
    answer = client.post("/v1/scenarios", json={**toy, "title": "To"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(client.get("/v1/scenarios").json()["items"]) == 1


def test_a_refused_body_does_not_use_up_its_key(client: TestClient, toy: Toy) -> None:
    headers = {"idempotency-key": "once"}
    assert client.post("/v1/scenarios", json={}, headers=headers).status_code == 422
    assert client.post("/v1/scenarios", json=toy, headers=headers).status_code == 201
