"""Every error as a problem document (RFC 9457). Nothing of what came in is echoed unchecked."""

import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.methods import methods_at
from app.errors import DATABASE_AWAY, TITLES, Later, Unauthorised, Unavailable, issues_of, status_of
from app.logs import request_id
from app.schemas.issues import pointer
from app.schemas.problem import Problem, ProblemIssue
from solver.domain.errors import Issue, SitingError

logger = logging.getLogger(__name__)

CHALLENGE = 'Bearer realm="flerkjerne", Basic realm="flerkjerne", charset="UTF-8"'
MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    code: str,
    detail: str,
    issues: Iterable[Issue] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as the answer."""
    body = Problem(
        type=f"urn:flerkjerne:problem:{code}",
        title=TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        issues=[ProblemIssue.model_validate(issue, from_attributes=True) for issue in issues],
    )
    return JSONResponse(
        body.model_dump(),
        status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def of_error(error: SitingError) -> Response:
    """The answer to an error that was foreseen."""
    headers = {}
    if isinstance(error, Later):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorised):
        headers["WWW-Authenticate"] = CHALLENGE
    return problem(status_of(error), error.code, error.detail, issues_of(error), headers)


def install(app: FastAPI) -> None:
    """Answer every exception that was foreseen with a problem document."""
    handlers: dict[Any, Callable[[Request, Any], Response]] = {
        SitingError: _siting_error,
        RequestValidationError: _bad_parameters,
        HTTPException: _http_exception,
        ClientDisconnect: _disconnected,
        **dict.fromkeys(DATABASE_AWAY, database_away),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _siting_error(_request: Request, error: SitingError) -> Response:
    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
        return unforeseen(error)
    return of_error(error)


def _bad_parameters(_request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return problem(404, "not_found", "Adressen finnes ikke.")
    issues = [_parameter_issue(one) for one in found]
    return problem(422, "parameter_invalid", issues[0].message, issues)


def _parameter_issue(found: Mapping[str, Any]) -> Issue:
    where, name = found["loc"][0], found["loc"][-1]
    mend = _MENDS.get(found["type"], "Se beskrivelsen i /openapi.json.")
    return Issue(
        pointer(where, name),
        "bad_value",
        f"Verdien av «{name}» kan ikke brukes.",
        mend.format(**found.get("ctx", {})),
    )


_MENDS = {
    "int_parsing": "Skriv et helt tall.",
    "greater_than_equal": "Tallet må være minst {ge}.",
    "less_than_equal": "Tallet må være høyst {le}.",
    "string_too_long": "Bruk høyst {max_length} tegn.",
}


def _http_exception(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(404, "not_found", "Adressen finnes ikke.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(methods_at(request.scope))
        detail = f"Metoden kan ikke brukes på denne adressen. Bruk {allowed}."
        return problem(405, "method_not_allowed", detail, headers={"Allow": allowed})
    return problem(error.status_code, "http_error", HTTPStatus(error.status_code).phrase)


def _disconnected(_request: Request, _error: ClientDisconnect) -> Response:
    """Nobody reads it."""
    return problem(400, "body_incomplete", "Innholdet kom ikke fram i sin helhet.")


def database_away(_request: Request, error: Exception) -> Response:
    """The answer while the database does not."""
    logger.error("the database is away", exc_info=error)
    return of_error(Unavailable("database_unavailable", "Databasen svarer ikke. Prøv igjen."))


def unforeseen(error: Exception) -> Response:
    """The answer to an error that nobody foresaw: where in the log it stands."""
    log_id = request_id.get() or uuid4().hex
    logger.error("unforeseen error in request %s", log_id, exc_info=error)
    return problem(500, "internal_error", f"Uventet feil. Loggen har den som {log_id}.")
