"""The OpenAPI document: what FastAPI sees of the routes, and the documents it cannot see.

Bodies are read as strict JSON by our own reader, so their schemas are named here.
"""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.callers import open_to_all
from app.api.problems import MEDIA_TYPE
from app.errors import TITLES
from app.schemas.answers import ANSWERS
from app.schemas.keys import KeyRequest
from app.schemas.parameters import PARAMETERS
from app.schemas.plan import Plan
from app.schemas.problem import Problem
from app.schemas.run import BatchRequest, RunRequest
from app.schemas.scenario import Scenario
from app.schemas.stored_scenario import ScenarioChange

SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of the issuer that the service trusts.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "An API key as the password, with any user name.",
    },
}
REF = "#/components/schemas/{model}"
RESULTS: list[type[BaseModel]] = [Plan, *ANSWERS.values()]
RESULT_REFS = [{"$ref": REF.format(model=model.__name__)} for model in RESULTS]
"""What a run may answer with, by kind."""


def ref(name: str) -> dict[str, str]:
    """Reference to a schema of the document."""
    return {"$ref": REF.format(model=name)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declares the problem documents of a route; 429 and 503 are among those of every one."""
    return {int(status): told for status, told in _problems(*statuses, 429, 503).items()}


def _problems(*statuses: int) -> dict[str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    return {str(status): {"description": TITLES[status], "content": content} for status in statuses}


def returns(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Declares an answer that is written by hand."""
    return {"description": "OK", "content": {media_type: {"schema": schema}}}


def accepts(schema: dict[str, Any], *media_types: str) -> dict[str, Any]:
    """Declares a body that is read by hand; for `openapi_extra`."""
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI) -> None:
    """Add the documents' schemas, and take out the errors that FastAPI thinks it answers with."""
    write = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(write())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]["schemas"]
    documents: list[type[BaseModel]] = [
        *(Scenario, ScenarioChange, RunRequest, BatchRequest, KeyRequest, Problem),
        *(*PARAMETERS.values(), *RESULTS),
    ]
    _, schemas = models_json_schema(
        [(model, "validation") for model in documents], ref_template=REF
    )
    components |= schemas["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    components_of_login = document["components"].setdefault("securitySchemes", {})
    components_of_login |= SECURITY_SCHEMES
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if not open_to_all(path):
                operation["security"] = [{name: []} for name in SECURITY_SCHEMES]
                operation["responses"] |= _problems(401, 403)
            answer = operation["responses"].get("422", {})
            if "HTTPValidationError" in str(answer):
                del operation["responses"]["422"]
