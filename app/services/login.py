"""Who a request is from, by its Authorization header."""

import base64
import binascii

from app.callers import ANYBODY, Caller
from app.db import Database
from app.errors import LoginFailed, LoginMissing, NobodyCanLogIn
from app.services import keys
from app.services.oidc import Issuer, OidcLogin
from app.settings import Settings


class LogIn:
    """Tells callers of one service apart; all are anybody while it asks for no log-in."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.required = settings.login_required
        self._host = settings.host
        self._database = database
        issuer = issuer_of(settings)
        self._oidc = None if issuer is None else OidcLogin(issuer)

    def caller(self, authorization: str | None) -> Caller:
        """Who sent this header.

        Raises LoginMissing without one, LoginFailed when it is of no use. Keys are taken as Bearer
        and as the password of Basic, which is what QGIS can send; tokens as Bearer.
        """
        if not self.required:
            return ANYBODY
        if authorization is None:
            raise LoginMissing
        scheme, _, given = authorization.partition(" ")
        given = given.strip()
        if scheme.lower() == "basic":
            return keys.caller_with(self._database, _password(given))
        if scheme.lower() != "bearer":
            raise LoginFailed
        if self._oidc is None or keys.PATTERN.fullmatch(given):
            return keys.caller_with(self._database, given)
        return self._oidc.caller_with(given)

    def require_somebody(self) -> None:
        """Raises NobodyCanLogIn when a log-in is asked for that nobody can have."""
        if self.required and self._oidc is None and not keys.any_usable(self._database):
            raise NobodyCanLogIn(self._host)


def issuer_of(settings: Settings) -> Issuer | None:
    """The issuer that the settings name, if they name one."""
    if settings.oidc_issuer is None:
        return None
    assert settings.oidc_audience is not None
    assert settings.oidc_jwks_url is not None
    return Issuer(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        jwks_url=settings.oidc_jwks_url,
        algorithm=settings.oidc_algorithm,
        scope_claim=settings.oidc_scope_claim,
        scope_prefix=settings.oidc_scope_prefix,
        tenant_claim=settings.oidc_tenant_claim,
    )


def _password(credentials: str) -> str:
    """Of Basic (RFC 7617); LoginFailed when they cannot be read."""
    try:
        text = base64.b64decode(credentials, validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise LoginFailed from error
    return text.partition(":")[2]
