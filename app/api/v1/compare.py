"""`/v1/compare`: plans side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.api.dependencies import ServicesHere
from app.api.openapi import problems, returns
from app.api.v1.runs import GEOJSON
from app.schemas.comparison import Comparison
from app.services.comparison import Compared, compare, require_two_to_six
from geodata.differences import differences

Runs = Annotated[list[str], Query(description="Id of a run with a plan; 2 to 6 distinct ones.")]

router = APIRouter(prefix="/v1", tags=["compare"])


@router.get("/compare", operation_id="compare_runs", responses=problems(404, 422))
def read(services: ServicesHere, run: Runs) -> Comparison:
    """Key figures, projects, journeys and goals of 2 to 6 plans, in the order they are named."""
    return Comparison.model_validate(compare(_compared(services, run)))


@router.get(
    "/compare.geojson",
    operation_id="compare_runs_geojson",
    response_class=JSONResponse,
    responses={200: returns(GEOJSON, {"type": "object"}), **problems(404, 422)},
)
def read_layer(services: ServicesHere, run: Runs) -> JSONResponse:
    """Districts and projects with what differs between the plans, in the last common year."""
    compared = _compared(services, run)
    scenarios: list[Any] = [one.scenario for one in compared]
    return JSONResponse(differences(scenarios, compare(compared)), media_type=GEOJSON)


def _compared(services: ServicesHere, ids: list[str]) -> list[Compared]:
    require_two_to_six(ids)
    return [Compared(one, *services.runs.documents(one)) for one in ids]
