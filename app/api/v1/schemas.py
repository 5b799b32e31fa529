"""`/v1/schemas`: the JSON Schemas of the documents."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.api.openapi import returns
from app.schemas.plan import Plan
from app.schemas.scenario import Scenario

MEDIA_TYPE = "application/schema+json"
ANSWER: dict[int | str, dict[str, Any]] = {200: returns(MEDIA_TYPE, {"type": "object"})}

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
