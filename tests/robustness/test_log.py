"""The log of the service as it runs: lines of JSON without anything a client wrote raw."""

import base64
import json
from pathlib import Path

import httpx

from app.callers import ANYBODY, AccessScope
from app.db import Database, migrate
from app.services.keys import Keys
from tests.unit.app.bad_scenarios.toy import TOY

from .server import serving

SECRET = "planted-6f1e"


def test_keys_are_in_no_log(tmp_path: Path) -> None:
    """Right ones, wrong ones, those in a body, and those in an address, where they do nothing."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url)
    database = Database(url)
    key = Keys(database.of(ANYBODY)).create("test", list(AccessScope), days=1).key
    database.dispose()
    basic = base64.b64encode(f"{SECRET}:{key}".encode()).decode()
    with serving(tmp_path, require_login=True) as server:
        made = httpx.post(
            f"{server.address}/v1/keys",
            json={"name": "x", "scopes": ["read"]},
            headers={"authorization": f"Bearer {key}"},
        )
        new = made.json()["key"]
        for sent in (f"Basic {basic}", f"Bearer {new}", f"Bearer {SECRET}", f"{SECRET} x", SECRET):
            httpx.get(f"{server.address}/v1/runs", headers={"authorization": sent})
        refused = httpx.get(f"{server.address}/v1/runs?key={key}&access_token={new}")
        assert (made.status_code, refused.status_code) == (201, 401)
    text = server.log.read_text("utf-8")
    assert '"status": 401' in text
    assert f'"actor": "key:{made.json()["id"]}"' in text
    for secret in (SECRET, basic, *(one.partition(".")[2] for one in (key, new))):
        assert secret not in text
        assert secret not in made.headers.values()
        assert secret.encode() not in database_bytes(tmp_path)


def database_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("test.db*"))


def test_every_line_is_json_and_tells_no_secret(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        known = {"x-request-id": "mine-1"}
        httpx.get(f"{server.address}/v1/runs/%1b%5b31m%0a{{}}?key={SECRET}", headers=known)
        body = {**TOY, "title": SECRET}
        made = httpx.post(f"{server.address}/v1/scenarios", json=body)
        httpx.post(f"{server.address}/v1/scenarios", json={**body, SECRET: 1})
        httpx.get(f"{server.address}/v1/runs", headers={"authorization": f"Bearer {SECRET}"})
        asked = {"scenario": made.json()["id"]}
        run = httpx.post(f"{server.address}/v1/runs", json=asked).json()["id"]
        httpx.get(f"{server.address}/v1/runs/{run}")
        server.exchange(f"{SECRET}\x1b[31m nonsense\r\n\r\n".encode())
        server.exchange(b"X\x00\x1b[31m\r\n\r\n")
        httpx.get(f"{server.address}/healthz")
    text = server.log.read_text("utf-8")
    assert SECRET not in text
    assert text.replace("\n", "").isprintable()
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    (mine,) = (line for line in requests if line["request_id"] == "mine-1")
    assert (mine["status"], mine["method"], mine["client"]) == (404, "GET", "127.0.0.1")
    assert mine["path"] == "/v1/runs/\x1b[31m\n{}"
    assert [line["run_id"] for line in lines if line["event"] == "run accepted"] == [run]
    (read,) = (line for line in requests if line.get("run_id") == run)
    assert read["route"] == "/v1/runs/{run_id}"
    assert "/healthz" not in {line["path"] for line in requests}
    refused = [line["code"] for line in lines if line["event"] == "request refused"]
    assert refused == ["bad_http", "bad_http"]
