"""Bad and odd requests by family, each as a client could send it.

`refused` says what the service must make of one: True, a 4xx; None, whatever but a 5xx.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.unit.app.bad_scenarios.texts import TEXTS
from tests.unit.app.bad_scenarios.toy import put, steps, toy

from .geometries import GEOMETRIES, LOCATIONS

JSON = {"content-type": "application/json"}
SCENARIOS, RUNS = "/v1/scenarios", "/v1/runs"
STORED = "{scenario}"  # stands for the id of a scenario that is there, and RUN for a run
RUN = "{run}"


@dataclass(frozen=True)
class Ask:
    """One request."""

    name: str
    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    refused: bool | None = None


TAKING_JSON = (
    ("POST", SCENARIOS),
    ("POST", f"{SCENARIOS}/validate"),
    ("PUT", f"{SCENARIOS}/{STORED}"),
    ("PATCH", f"{SCENARIOS}/{STORED}"),
    ("POST", RUNS),
)


def texts() -> Iterator[Ask]:
    """Text that is no JSON, or JSON that nobody should take, to every route that takes a body."""
    for name, text, _, _ in (*TEXTS, *_more_texts()):
        for method, path in TAKING_JSON:
            if len(text) < 1_000_000 or path == SCENARIOS:
                yield Ask(f"{name} to {method} {path}", method, path, text, JSON, True)


def _more_texts() -> Iterator[tuple[str, bytes, str, str]]:
    """(name, text, –, –), as `TEXTS` has them."""
    bodies = {
        "NaN": b'{"a": NaN}',
        "-Infinity": b'{"a": -Infinity}',
        "1e400": b'{"a": 1e400}',
        "-1e400": b'{"a": [-1e400]}',
        "half a character": b'{"a": "\\ud83d"}',
        "the wrong half": b'{"a": "\\udc00\\ud800"}',
        "half a key": b'{"\\udfff": 1}',
        "NUL": b'{"a": "x\\u0000y"}',
        "NUL in a key": b'{"\\u0000": 1}',
        "raw NUL": b'{"a": "\x00"}',
        "raw newline": b'{"a": "\n"}',
        "UTF-16 LE": '{"a": 1}'.encode("utf-16-le"),
        "UTF-16 BE": '{"a": 1}'.encode("utf-16-be"),
        "UTF-32": '{"a": 1}'.encode("utf-32"),
        "overlong": b'{"a": "\xc0\xaf"}',
        "surrogate as UTF-8": b'{"a": "\xed\xa0\x80"}',
        "beyond Unicode": b'{"a": "\xf5\x80\x80\x80"}',
        "Latin-1": '{"a": "æøå"}'.encode("latin-1"),
        "the same key": b'{"a": 1, "a": 2}',
        "5,000 digits": b'{"a": ' + 5000 * b"9" + b"}",
        "5,000 digits, negative": b'{"a": -' + 5000 * b"9" + b"}",
        "5,000 decimals": b'{"a": [0.' + 5000 * b"9" + b"]}",
        "beyond 64 bits": b'{"a": 18446744073709551616}',
        "huge exponent": b'{"a": 1e99999999999999999999}',
        "tiny exponent": b'{"a": [1e-99999999999999999999]}',
        "-0": b'{"a": [-0]}',
        "leading zero": b'{"a": 012}',
        "hex": b'{"a": 0x1F}',
        "plus": b'{"a": +1}',
        "trailing comma": b'{"a": 1,}',
        "comment": b'{"a": 1 /* one */}',
        "single quotes": b"{'a': 1}",
        "no quotes": b"{a: 1}",
        "two documents": b'{"a": 1}{"b": 2}',
        "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x/>",
        "YAML": b"a: !!python/object/apply:os.system ['id']",
        "a form": b"title=x&years=2026",
        "a zip": b"PK\x03\x04" + 100 * b"\x00",
        "gzip": b"\x1f\x8b\x08\x00" + 100 * b"\x00",
        "__proto__": b'{"__proto__": {"admin": true}}',
        "a template": b'{"a": "{{7*7}}${7*7}<%= 7 %>"}',
        "unknown fields": json.dumps({f"field{n}": n for n in range(5000)}).encode(),
        "100,000 zeros": b"[" + b",".join(100_000 * [b"0"]) + b"]",
        "100,000 objects": b"[" + b",".join(100_000 * [b"{}"]) + b"]",
        "a long key": b'{"' + 500_000 * b"k" + b'": 1}',
        "a long text": b'"' + 900_000 * b"t" + b'"',
    }
    for name, body in bodies.items():
        yield name, body, "", ""
    for depth in (50, 65, 500, 5000, 100_000):
        yield f"{depth} deep", depth * b"[" + depth * b"]", "", ""
        yield f"{depth} objects deep", depth * b'{"a":' + b"1" + depth * b"}", "", ""


WRONG_VALUES: tuple[Any, ...] = (
    *(None, True, "", "x", -1, 0, 1.5, 1e308, 10**15, [], {}, [[]], {"a": None}),
    *("\u202e\u200b", "=1+1", "<script>", "../../etc/passwd", 501 * "x", "2026", [None]),
)
EXTRA_FIELDS = ("tenant_id", "owner", "id", "status", "state", "created", "is_admin", "version")


def values() -> Iterator[Ask]:
    """Each field of a scenario with values that do not belong there."""
    for n, place in enumerate(_places(toy())):
        chosen = WRONG_VALUES[n % 2 :: 2]  # every other one at every other place: 10 a field
        for value in chosen:
            body = json.dumps(put(place, value)).encode()
            name = f"{place} = {json.dumps(value)[:20]}"
            yield Ask(name, "POST", f"{SCENARIOS}/validate", body, JSON)


def mass_assignment() -> Iterator[Ask]:
    """Fields that nobody may set, in every object of a scenario that is no collection by id."""
    objects = ("", "/municipality", "/years", "/care_types/hdo", "/cores/sentrum")
    objects += ("/districts/34050101", "/sites/helsehus", "/projects/tun", "/need", "/travel")
    objects += ("/targets", "/staffing", "/budget", "/policies", "/objective")
    for place in objects:
        for extra in EXTRA_FIELDS:
            body = json.dumps(put(f"{place}/{extra}", "x")).encode()
            for path in (SCENARIOS, f"{SCENARIOS}/validate"):
                yield Ask(f"{place}/{extra} to {path}", "POST", path, body, JSON, True)
    for extra in (*EXTRA_FIELDS, "result", "outcome", "priority"):
        body = json.dumps({"scenario": "lillehammer", extra: "successful"}).encode()
        yield Ask(f"run with {extra}", "POST", RUNS, body, JSON, True)
        body = json.dumps({"scenario": "lillehammer", "options": {extra: 1}}).encode()
        yield Ask(f"options with {extra}", "POST", RUNS, body, JSON, True)


def run_requests() -> Iterator[Ask]:
    """Runs that cannot be."""
    bodies: list[Any] = [
        *({"scenario": value} for value in (None, 1, [], {}, "", "nowhere", "../x", 10_000 * "x")),
        *({"scenario": "lillehammer", "kind": kind} for kind in (None, 1, "", "drop", "SOLVE", [])),
        *(
            {"scenario": "lillehammer", "options": {name: value}}
            for name in ("time_limit_s", "mip_gap", "threads", "strategy", "referee")
            for value in (-1, 0.5, "1", [], {}, 1e300, 10**15)
            if (name, value) not in (("mip_gap", 0.5), ("time_limit_s", 0.5))
        ),
        *(
            {"scenario": "lillehammer", "kind": kind, "parameters": parameters}
            for kind in ("pareto", "repair", "price", "why_not", "alternatives", "stress")
            for parameters in (1, [], "x", {"x": 1}, {"points": -1, "n": 1e9, "project": 3})
        ),
        {"scenario": "lillehammer", "kind": "why_not", "parameters": {"project": "nowhere"}},
        {"scenario": "lillehammer", "kind": "solve", "parameters": {"points": 3}},
    ]
    for n, body in enumerate(bodies):
        yield Ask(f"run {n}: {str(body)[:60]}", "POST", RUNS, json.dumps(body).encode(), JSON, True)


def outlines() -> Iterator[Ask]:
    """Outlines of districts, and positions, that are none."""
    for name, geometry, refused in GEOMETRIES:
        body = json.dumps(put("/districts/34050102/geometry", geometry)).encode()
        yield Ask(f"outline {name}", "POST", f"{SCENARIOS}/validate", body, JSON, refused)
    kept = json.dumps(toy())
    for name, location in LOCATIONS:
        for place in ("/districts/34050102", "/sites/tomt", "/cores/sentrum"):
            document = put(f"{place}/location", "HERE")
            body = json.dumps(document).replace('"HERE"', location).encode()
            yield Ask(f"{place} at {name}", "POST", f"{SCENARIOS}/validate", body, JSON, True)
    assert kept == json.dumps(toy())


NAMES = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")'),
    *("＝1+1", "＋1", "－1", "＠x", "'=1", '"=1', " =1", "%0A=1", ";=1", ",=1", "|=1"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "]]>", "--><b>"),
    *("javascript:alert(1)", "${jndi:ldap://x/a}", "{{7*7}}", "'; DROP TABLE run;--", "%s%n%x"),
    *("../../x", "..\\..\\x", "CON", "NUL.txt", "a/b", "~root", "C:\\x", "file:///etc/passwd"),
    *("/vsicurl/http://127.0.0.1/x", "/etc/passwd", 255 * "a", "\u202efdp.exe", "a\u200bb", "ﷺ"),
    *("e" + 100 * "\u0301", "👨‍👩‍👧", "[/b]", "[link=http://x]y[/link]", "\u2028", "\ufeff", "İ"),
)
BAD_NAMES = ("\t=1", "\r=1", "\n=1", "x\r\nSet-Cookie: a=1", "\x1b[31mred", "\x1b]0;x\x07", "\x85")


def names() -> Iterator[Ask]:
    """Names that act somewhere else: in spreadsheets, pages, terminals, paths, logs."""
    for name in (*NAMES, *BAD_NAMES):
        for place in ("/title", "/sites/helsehus/title", "/projects/tun/title"):
            body = json.dumps(put(place, name)).encode()
            refused = True if name in BAD_NAMES else None
            yield Ask(f"{place} {name[:20]!a}", "POST", SCENARIOS, body, JSON, refused)
        as_id = {"districts": {name: {"title": "x"}}}
        patch = json.dumps(as_id).encode()
        yield Ask(f"id {name[:20]!a}", "PATCH", f"{SCENARIOS}/{STORED}", patch, JSON)


LAX_NUMBERS = ("٣", "1%0a")  # pydantic reads them as 3 and 1


def addresses() -> Iterator[Ask]:
    """Paths and queries that lead nowhere."""
    paths = (
        *("/web/", "/web/nothing.js", "/web/../app/main.py", "/web/%2e%2e/routes.py", "/web/."),
        *("//", "/v1", "/v1/", "/v1//runs", "/v1/runs/", "/V1/RUNS", "/v1/runs/.."),
        *("/v1/../etc/passwd", "/..%2f..%2fetc/passwd", "/%00", "/v1/runs/%00", "/v1/runs/%0a%0d"),
        *("/v1/runs/%ff", "/v1/runs/%c0%af", "/v1/runs/%F0%9F%98%80", "/v1/runs/a%2fb"),
        *("/v1/runs/" + 300 * "a", "/v1/runs/x;y=z", "/v1/runs/x/plan.gpkg/..", "/v1/runs/*"),
        *("/favicon.ico", "/robots.txt", "/.git/config", "/.env", "/admin", "/docs", "/redoc"),
        *("/v1/schemas/results/%2e%2e", "/v1/schemas/nothing", "/v1/runs/{{7*7}}", "/v1/runs/%25"),
    )
    for path in paths:
        yield Ask(f"GET {path}", "GET", path, refused=True)
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "PURGE", "M-SEARCH"):
        for path in ("/healthz", RUNS, f"{RUNS}/{RUN}/plan", "/openapi.json"):
            yield Ask(f"{method} {path}", method, path, refused=True)
    for value in ("", "x", "0", "-1", "101", "1.5", "1e3", "٣", "1%00", "1%0a", "9" * 400, "[]"):
        for query in ("limit", "cursor"):
            for path in (RUNS, SCENARIOS):
                refused = True if query == "limit" and value not in LAX_NUMBERS else None
                yield Ask(f"{path}?{query}={value[:9]}", "GET", f"{path}?{query}={value}", b"", {},
                          refused)  # fmt: skip
        yield Ask(f"year {value[:9]}", "GET", f"{RUNS}/{RUN}/plan.geojson?year={value}",
                  refused=True)  # fmt: skip
        yield Ask(f"layer {value[:9]}", "GET", f"{RUNS}/{RUN}/plan.geojson?layer={value}",
                  refused=True)  # fmt: skip
        yield Ask(f"after {value[:9]}", "GET", f"{RUNS}/{RUN}/incumbents?after={value}")
    for count in (0, 1, 2, 7, 5000):
        runs = "&".join(count * [f"run={RUN}"])
        yield Ask(f"compare {count} times the same", "GET", f"/v1/compare?{runs}", refused=True)
    yield Ask("compare nowhere", "GET", "/v1/compare?run=a&run=b", refused=True)
    yield Ask("a query of 20 kB", "GET", f"{RUNS}?{20_000 * 'q'}")
    yield Ask("a query of 40 kB", "GET", f"{RUNS}?{40_000 * 'q'}", refused=True)


HEADERS: dict[str, tuple[str, ...]] = {
    "accept": ("", "*", "text/html;q=nan", "application/xml", ",,,,", 5000 * "a/b,", "\udcff"),
    "accept-encoding": ("gzip;q=0", "gzip;q=x", "*;q=0", "br", ",".join(500 * ["gzip"]), "\udcff"),
    "if-match": ("", "*", "x", '"', '"x', 'W/"1"', "W/", 2000 * '"x",', '"\udcff"', '"1" "2"'),
    "if-none-match": ("", "*", "x", '"', 'W/"1"', "W/", 2000 * '"x",', '"1-gzip"', "-gzip"),
    "idempotency-key": ("", " ", "a b", "é", 256 * "k", '"quoted"', "\x7f", "k" * 255),
    "prefer": ("wait", "wait=", "wait=-1", "wait=x", "wait=1e9", "respond-async", ";;;", "\udcff"),
    "content-type": (
        "",
        "/",
        "text/plain",
        "application/json; charset=utf-16",
        "\udcff",
        "a" * 5000,
    ),
    "range": ("bytes=0-0", "bytes=-1", "bytes=" + ",".join(f"{n}-{n}" for n in range(3000)), "x=1"),
    "x-forwarded-for": ("127.0.0.1", "999.9.9.9", "::1", "\udcff", ",".join(500 * ["1.1.1.1"])),
    "x-forwarded-host": ("evil.example", "\udcff"),
    "x-forwarded-proto": ("gopher", "https,http"),
    "x-http-method-override": ("DELETE", "\udcff"),
    "x-request-id": ("\x1b[31m", 5000 * "a", "a b", "\udcff"),
    "host": ("evil.example", "evil.example:99999", "[::1", "a b", "\udcff", ""),
    "origin": ("null", "https://evil.example", "\udcff"),
    "authorization": ("Basic", "Basic ====", "Bearer", "Bearer a.b.c", "Digest x", "\udcff"),
    "cookie": (5000 * "a=b;", "\udcff"),
    "expect": ("200-ok", "100-continue"),
    "te": ("trailers", "\udcff"),
    "upgrade": ("websocket", "h2c", "\udcff"),
    "sec-fetch-site": ("cross-site", "\udcff"),
    "last-event-id": ("\udcff", "-1"),
}


def headers() -> Iterator[Ask]:
    """Headers that lie, or are no headers."""
    small = json.dumps({"title": "Et annet"}).encode()
    for name, given in HEADERS.items():
        for value in given:
            odd = {name: value}
            shown = f"{name}: {value[:20]!a}"
            yield Ask(f"GET with {shown}", "GET", f"{RUNS}/{RUN}/plan", b"", odd)
            yield Ask(f"HEAD with {shown}", "HEAD", f"{SCENARIOS}/{STORED}", b"", odd)
            yield Ask(f"PATCH with {shown}", "PATCH", f"{SCENARIOS}/{STORED}", small, JSON | odd)
            yield Ask(f"POST with {shown}", "POST", RUNS, b"{}", JSON | odd, True)


def _places(value: Any, here: str = "") -> Iterator[str]:
    """The JSON pointer of everything in a document but itself."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in members:
        place = f"{here}/{str(name).replace('~', '~0').replace('/', '~1')}"
        assert steps(place)
        yield place
        if isinstance(member, dict | list):
            yield from _places(member, place)


FAMILIES = {
    family.__name__: family
    for family in (
        *(texts, values, mass_assignment, run_requests),
        *(outlines, names, addresses, headers),
    )
}
