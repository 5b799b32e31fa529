"""`/v1/examples`."""

from fastapi import APIRouter

from app.api.dependencies import ServicesHere
from app.api.openapi import problems
from app.schemas.stored_scenario import ExampleList, ScenarioSummary

router = APIRouter(prefix="/v1/examples", tags=["scenarios"])


@router.get("", operation_id="list_examples", responses=problems())
def read(services: ServicesHere) -> ExampleList:
    """The bundled scenarios, without their documents; `/v1/scenarios/{id}` has those."""
    found = services.scenarios.examples()
    return ExampleList(items=[ScenarioSummary.model_validate(one) for one in found])
