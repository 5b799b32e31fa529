"""Tokens of an issuer that the tests start, right ones and every kind of wrong one."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.errors import LoginFailed, Unavailable
from app.services.login import issuer_of
from app.services.oidc import IssuerKeys, OidcLogin
from app.settings import Settings

from .conftest import StartClient

ISSUER, AUDIENCE = "https://issuer.example.no/", "https://flerkjerne.example.no"
ORGANISATION = "0192:991825827"


@cache
def a_key(_url: str, _name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """An issuer's keys over HTTP, and tokens signed with them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0
        self.down = False
        self.document: Any = {}
        self.private: dict[str, Any] = {}
        self.rotate("first")

    def rotate(self, *names: str) -> None:
        """Have these keys and no others."""
        self.private = {name: a_key(self.url, name) for name in names}
        self.document = {"keys": [self.public(name) for name in names]}

    def public(self, name: str) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private[name].public_key()))
        return {**jwk, "kid": name, "use": "sig", "alg": "RS256"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "kari",
            "iat": now,
            "exp": now + 120,
            "scope": "lillehammer:read lillehammer:plan openid",
            "consumer": {"authority": "iso6523-actorid-upis", "ID": ORGANISATION},
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def token(self, name: str = "first", headers: Any = None, **changed: Any) -> str:
        named = {"kid": name, **(headers or {})}
        return jwt.encode(self.claims(**changed), self.private[name], "RS256", headers=named)


@contextmanager
def serving() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            if self.path != "/jwks" or issuer.down:
                self.send_error(500)
                return
            body = json.dumps(issuer.document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}/jwks")
        Thread(target=server.serve_forever, daemon=True).start()
        yield issuer
        server.shutdown()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving() as issuer:
        yield issuer


def settings(issuer: Issuer) -> dict[str, Any]:
    return {
        "require_login": True,
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": issuer.url,
        "oidc_scope_prefix": "lillehammer:",
        "oidc_tenant_claim": "consumer.ID",
    }


@pytest.fixture
def client(start: StartClient, sqlite_url: str, issuer: Issuer) -> Iterator[TestClient]:
    with start(sqlite_url, **settings(issuer)) as client:
        yield client


@pytest.fixture
def login(issuer: Issuer) -> OidcLogin:
    """What checks tokens, without the service around it."""
    known = issuer_of(Settings(**settings(issuer)))
    assert known is not None
    return OidcLogin(known)


def is_let_in(login: OidcLogin, token: str) -> bool:
    try:
        login.caller_with(token)
    except LoginFailed:
        return False
    return True


def status(client: TestClient, token: str, path: str = "/v1/runs") -> int:
    headers = {"authorization": f"Bearer {token}"}
    code: int = client.get(path, headers=headers).status_code
    return code


def test_a_right_token_is_let_in(client: TestClient, issuer: Issuer, town: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {issuer.token()}"}
    assert client.post("/v1/scenarios", json=town, headers=headers).status_code == 201
    assert client.get("/v1/keys", headers=headers).status_code == 403
    others = issuer.token(consumer={"ID": "0192:1"})
    listed = [
        client.get("/v1/scenarios", headers={"authorization": f"Bearer {token}"}).json()["items"]
        for token in (issuer.token(), others)
    ]
    assert [len(one) for one in listed] == [1, 0]
    assert issuer.asked == 1


def test_scopes_may_come_as_a_list_and_audiences_too(client: TestClient, issuer: Issuer) -> None:
    assert status(client, issuer.token(scope=["lillehammer:read"], aud=["x", AUDIENCE])) == 200
    assert status(client, issuer.token(scope=["lillehammer:plan"])) == 403
    assert status(client, issuer.token(scope="read")) == 403
    assert status(client, issuer.token(scope=None)) == 403
    assert status(client, issuer.token(scope={"lillehammer:read": 1})) == 403


NOW = int(time.time())
WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 60, "iat": NOW - 120},
    "not yet": {"nbf": NOW + 3600},
    "of the future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "other issuer": {"iss": "https://other.example.no/"},
    "issuer without slash": {"iss": ISSUER.rstrip("/")},
    "other audience": {"aud": "https://other.example.no"},
    "longer audience": {"aud": AUDIENCE + "/x"},
    "no expiry": {"exp": None},
    "no issue": {"iat": None},
    "no issuer": {"iss": None},
    "no audience": {"aud": None},
    "nobody": {"sub": None},
    "no tenant": {"consumer": None},
    "tenant of another form": {"consumer": {"ID": 7}},
    "every tenant": {"consumer": {"ID": "*"}},
    "expiry is text": {"exp": "never"},
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_claim_is_refused(login: OidcLogin, issuer: Issuer, how: str) -> None:
    assert not is_let_in(login, issuer.token(**WRONG[how]))


def test_clocks_may_differ_a_little(login: OidcLogin, issuer: Issuer) -> None:
    now = int(time.time())
    assert is_let_in(login, issuer.token(exp=now - 10))
    assert is_let_in(login, issuer.token(nbf=now + 10, iat=now + 10))


def test_the_algorithm_is_ours_to_choose(login: OidcLogin, issuer: Issuer) -> None:
    claims, named = issuer.claims(), {"kid": "first"}
    public = issuer.private["first"].public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    # PyJWT itself refuses to sign with such a secret, so these are put together by hand.
    def by_hand(algorithm: str, secret: bytes) -> str:
        head = part(json.dumps({"alg": algorithm, "kid": "first"}).encode())
        signed = f"{head}.{part(json.dumps(claims).encode())}"
        return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    forged = [
        jwt.encode(claims, None, "none", headers=named),
        by_hand("HS256", pem),
        by_hand("HS256", json.dumps(issuer.public("first")).encode()),
        by_hand("none", b""),
        by_hand("RS256", pem),
        jwt.encode(claims, issuer.private["first"], "PS256", headers=named),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers=named),
    ]
    assert not any(is_let_in(login, token) for token in forged)
    assert is_let_in(login, issuer.token())


def test_a_token_does_not_say_where_its_key_is(login: OidcLogin, issuer: Issuer) -> None:
    with serving() as thief:
        for name in ("jku", "x5u"):
            assert not is_let_in(login, thief.token(headers={name: thief.url}))
        own = {"jwk": thief.public("first"), "kid": "first"}
        assert not is_let_in(login, thief.token(headers=own))
        assert thief.asked == 0


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


NESTED = part(b"[" * 9000 + b"]" * 9000)


NO_TOKENS = (
    *("", "x", "a.b.c", "e30.e30.e30", "é.é.é", "." * 100, "eyJhbGciOiJSUzI1NiJ9.e30."),
    f"{NESTED}.e30.e30",
)


def test_what_is_no_token_is_refused(client: TestClient, issuer: Issuer) -> None:
    head, claims, signature = issuer.token().split(".")
    other = issuer.token(sub="ola").split(".")[1]
    cut = (f"{head}.{claims}.", f"{head}.{other}.{signature}", f"{head}.{claims}")
    for token in (*NO_TOKENS, *cut, issuer.token(exp=NOW - 60, iat=NOW - 120)):
        headers = {"authorization": f"Bearer {token}".encode()}
        assert client.get("/v1/runs", headers=headers).status_code == 401


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_new_keys_are_fetched_and_old_ones_forgotten(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, "RS256", clock)
    assert keys.get("first").key_id == "first"
    issuer.rotate("second")
    with pytest.raises(LoginFailed):
        keys.get("second")  # too soon after the last fetch
    clock.now += 31
    with pytest.raises(LoginFailed):
        keys.get("second")  # it is known to be unknown
    assert keys.get("first")
    clock.now += 600
    assert keys.get("second")
    with pytest.raises(LoginFailed):
        keys.get("first")
    clock.now += 31
    issuer.rotate("second", "third")
    assert keys.get("third"), "a name not heard before is asked for, once the pause is over"
    assert issuer.asked == 3


def test_a_storm_of_unknown_keys_is_one_question(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, "RS256", clock)
    keys.get("first")

    def ask(number: int) -> None:
        with pytest.raises(LoginFailed):
            keys.get(f"unknown {number}")

    clock.now += 31
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(3000)))
    assert issuer.asked == 2
    clock.now += 31
    ask(1)
    assert issuer.asked == 2
    assert keys.get("first")


def test_an_issuer_that_is_down_is_not_missed_for_an_hour(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, "RS256", clock)
    issuer.down = True
    with pytest.raises(Unavailable):
        keys.get("first")
    clock.now += 31
    issuer.down = False
    assert keys.get("first")
    issuer.down = True
    clock.now += 3000
    assert keys.get("first")
    clock.now += 3000
    with pytest.raises(Unavailable):
        keys.get("first")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"keys": "x"},
        {"keys": [1, {}, {"kid": "first"}, {"kid": "first", "kty": "oct", "k": "AAAA"}]},
        {"keys": [{"kid": "first", "kty": "RSA", "n": "x", "e": "AQAB"}]},
    ],
)
def test_keys_of_no_use_let_nobody_in(issuer: Issuer, document: Any) -> None:
    issuer.document = document
    with pytest.raises((LoginFailed, Unavailable)):
        IssuerKeys(issuer.url, "RS256").get("first")


def test_keys_for_something_else_are_not_taken(issuer: Issuer) -> None:
    key = issuer.public("first")
    issuer.document = {
        "keys": [
            {**key, "kid": "encrypts", "use": "enc"},
            {**key, "kid": "other algorithm", "alg": "PS256"},
            {name: value for name, value in key.items() if name not in ("use", "alg")},
        ]
    }
    keys = IssuerKeys(issuer.url, "RS256")
    assert keys.get("first")
    for name in ("encrypts", "other algorithm"):
        with pytest.raises(LoginFailed):
            keys.get(name)


@pytest.mark.parametrize(
    "chosen",
    [
        {"oidc_issuer": ISSUER},
        {"oidc_issuer": ISSUER, "oidc_audience": "x"},
        {"oidc_jwks_url": "http://issuer.example.no/jwks"},
        {"oidc_jwks_url": "file:///etc/passwd"},
        {"oidc_algorithm": "HS256"},
        {"oidc_algorithm": "none"},
    ],
)
def test_settings_that_would_let_anybody_in(chosen: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**chosen)
