"""Bearer tokens of an OpenID Connect issuer, such as ID-porten, Maskinporten or Entra ID.

A token says who made it and how to check it; nothing of that is believed. Issuer, audience, the one
algorithm and the address of the issuer's keys are settings (RFC 8725, sections 3.1 to 3.10).
"""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import jwt

from app.callers import DEFAULT_TENANT, AccessScope, Caller, is_tenant
from app.errors import LoginFailed, Unavailable

logger = logging.getLogger(__name__)

LEEWAY_S = 30
"""By which the issuer's clock and ours may differ."""
FRESH_S = 600
"""The issuer's keys are fetched again when they are older."""
STALE_S = 3600
"""While the issuer does not answer, its keys are good for so long."""
COOLDOWN_S = 30
"""From one fetch to the next, whatever tokens come."""
FETCH_TIMEOUT_S = 5
MOST_BYTES = 1_000_000
MOST_UNKNOWN = 1000
"""Remembered names of keys that the issuer does not have."""
LONGEST_ACTOR = 200
REQUIRED = ["exp", "iat", "iss", "aud"]


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken, and what they say of a caller.

    `tenant_claim` and `scope_claim` may go inside with dots: `consumer.ID`. Without a tenant claim
    everybody is of the default tenant. Scopes are those behind `scope_prefix`.
    """

    issuer: str
    audience: str
    jwks_url: str
    algorithm: str
    scope_claim: str
    scope_prefix: str
    tenant_claim: str | None


class OidcLogin:
    """The callers of one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._keys = IssuerKeys(issuer.jwks_url, issuer.algorithm)

    def caller_with(self, token: str) -> Caller:
        """Who has this token; LoginFailed unless everything about it is right."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            if not isinstance(key_id, str):
                raise LoginFailed
            claims = jwt.decode(
                token,
                self._keys.get(key_id),
                algorithms=[self._issuer.algorithm],
                audience=self._issuer.audience,
                issuer=self._issuer.issuer,
                leeway=LEEWAY_S,
                options={"require": REQUIRED},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise LoginFailed from error
        return self._caller(claims)

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        asked = self._issuer.tenant_claim
        tenant = DEFAULT_TENANT if asked is None else _inside(claims, asked)
        subject = claims.get("sub") or claims.get("client_id")
        if not isinstance(tenant, str) or not is_tenant(tenant) or not isinstance(subject, str):
            raise LoginFailed
        return Caller(tenant, f"oidc:{subject}"[:LONGEST_ACTOR], self._scopes(claims))

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[AccessScope]:
        told = _inside(claims, self._issuer.scope_claim)
        named = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
        prefix = self._issuer.scope_prefix
        return frozenset(scope for scope in AccessScope if f"{prefix}{scope}" in named)


def _inside(claims: Mapping[str, Any], path: str) -> Any:
    """The value of a claim, by its name or by a path with dots; None when there is none."""
    found: Any = claims
    for name in [path] if path in claims else path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


class IssuerKeys:
    """An issuer's keys by their names, fetched when needed and not more often than that.

    However many tokens with unknown keys come, the issuer is asked once in `COOLDOWN_S`.
    """

    def __init__(
        self, url: str, algorithm: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._algorithm = algorithm
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._unknown: set[str] = set()
        self._fetched: float | None = None
        self._tried: float | None = None

    def get(self, key_id: str) -> jwt.PyJWK:
        """The key of this name.

        Raises LoginFailed when the issuer has none, Unavailable while it does not tell.
        """
        known = self._keys.get(key_id)
        if known is not None and self._younger(FRESH_S):
            return known  # without waiting for somebody who asks the issuer for another
        with self._lock:
            if not self._younger(FRESH_S) or self._is_news(key_id):
                self._fetch()
            if not self._younger(STALE_S):
                raise Unavailable("issuer_unavailable", "Utstederen av innlogginger svarer ikke.")
            if key_id in self._keys:
                return self._keys[key_id]
            if len(self._unknown) < MOST_UNKNOWN:
                self._unknown.add(key_id)
            raise LoginFailed

    def _younger(self, seconds: float) -> bool:
        return self._fetched is not None and self._clock() - self._fetched < seconds

    def _is_news(self, key_id: str) -> bool:
        return key_id not in self._keys and key_id not in self._unknown

    def _fetch(self) -> None:
        now = self._clock()
        if self._tried is not None and now - self._tried < COOLDOWN_S:
            return
        self._tried = now
        try:
            self._keys = _usable(_read(self._url), self._algorithm)
        except (OSError, HTTPException, ValueError, jwt.PyJWTError):
            logger.exception("the keys of the issuer could not be fetched")
        else:
            self._fetched = now
            self._unknown.clear()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The keys are where the setting says, or nowhere."""

    def redirect_request(self, *_told: Any) -> None:
        """Go nowhere, so that the redirection is an error."""


def _read(url: str) -> Any:
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=FETCH_TIMEOUT_S) as answer:
        return json.loads(answer.read(MOST_BYTES))


def _usable(document: Any, algorithm: str) -> dict[str, jwt.PyJWK]:
    """Keys for signatures of the one algorithm; ValueError when this is no set of keys."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("no set of keys")
    keys = {}
    for key in document["keys"]:
        if (
            isinstance(key, dict)
            and isinstance(key.get("kid"), str)
            and key.get("kty") != "oct"
            and key.get("use", "sig") == "sig"
            and key.get("alg", algorithm) == algorithm
        ):
            try:
                keys[key["kid"]] = jwt.PyJWK(key, algorithm)
            except jwt.PyJWTError:
                logger.warning("a key of the issuer cannot be used", exc_info=True)
    return keys
