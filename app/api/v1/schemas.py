"""`/v1/schemas`: the JSON Schemas of the documents."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.dependencies import Id
from app.api.openapi import problems, returns
from app.errors import NotFound
from app.schemas.answers import ANSWERS
from app.schemas.parameters import PARAMETERS
from app.schemas.plan import Plan
from app.schemas.scenario import Scenario

MEDIA_TYPE = "application/schema+json"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: returns(MEDIA_TYPE, {"type": "object"}),
    **problems(),
}

router = APIRouter(prefix="/v1/schemas", tags=["schemas"])


@router.get(
    "/scenario", operation_id="get_scenario_schema", response_class=Response, responses=ANSWER
)
def scenario() -> Response:
    """JSON Schema of the scenario document."""
    return JSONResponse(Scenario.model_json_schema(), media_type=MEDIA_TYPE)


@router.get("/plan", operation_id="get_plan_schema", response_class=Response, responses=ANSWER)
def plan() -> Response:
    """JSON Schema of the plan document."""
    return JSONResponse(Plan.model_json_schema(), media_type=MEDIA_TYPE)


@router.get(
    "/parameters/{kind}",
    operation_id="get_parameters_schema",
    response_class=Response,
    responses={**ANSWER, **problems(404)},
)
def parameters(kind: Id) -> Response:
    """JSON Schema of what a kind of run asks for beside the scenario."""
    return _schema(PARAMETERS, kind)


@router.get(
    "/results/{kind}",
    operation_id="get_result_schema",
    response_class=Response,
    responses={**ANSWER, **problems(404)},
)
def result(kind: Id) -> Response:
    """JSON Schema of what a kind of run answers with."""
    return _schema({"solve": Plan, **ANSWERS}, kind)


def _schema(schemas: Mapping[Any, type[BaseModel]], kind: str) -> Response:
    if kind not in schemas:
        raise NotFound("kind_not_found", f"Kjøringer er av slagene {', '.join(schemas)}.")
    return JSONResponse(schemas[kind].model_json_schema(), media_type=MEDIA_TYPE)
