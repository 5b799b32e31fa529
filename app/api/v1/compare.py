"""`/v1/compare`: plans side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.api.dependencies import ServicesHere
from app.api.openapi import problems, returns
from app.api.v1.runs import GEOJSON
from app.errors import NotFound
from app.schemas.comparison import Comparison
from app.services.comparison import FEWEST, MOST, Compared, compare, require_two_to_six
from geodata.differences import differences

Runs = Annotated[
    list[str],
    Query(
        description="Id of a run with a plan; 2 to 6 distinct ones.",
        json_schema_extra={"minItems": FEWEST, "maxItems": MOST, "uniqueItems": True},
    ),
]
Year = Annotated[int | None, Query(description="A common year; null: the last one.")]

router = APIRouter(prefix="/v1", tags=["compare"])


@router.get("/compare", operation_id="compare_runs", responses=problems(404, 422))
def read(services: ServicesHere, run: Runs, year: Year = None) -> Comparison:
    """Key figures, projects, journeys and goals of 2 to 6 plans, in the order they are named.

    Districts are those of one year.
    """
    return Comparison.model_validate(compare(_compared(services, run), year))


@router.get(
    "/compare.geojson",
    operation_id="compare_runs_geojson",
    response_class=JSONResponse,
    responses={200: returns(GEOJSON, {"type": "object"}), **problems(404, 422)},
)
def read_layer(services: ServicesHere, run: Runs, year: Year = None) -> JSONResponse:
    """Districts of one year, and projects, with what differs between the plans."""
    compared = _compared(services, run)
    scenarios: list[Any] = [one.scenario for one in compared]
    return JSONResponse(differences(scenarios, compare(compared, year)), media_type=GEOJSON)


def _compared(services: ServicesHere, ids: list[str]) -> list[Compared]:
    require_two_to_six(ids)
    return [_found(services, one) for one in ids]


def _found(services: ServicesHere, run_id: str) -> Compared:
    try:
        return Compared(run_id, *services.runs.documents(run_id))
    except NotFound as error:
        raise NotFound(error.code, f"«{run_id}»: {error.detail}") from error
