"""What a caller needs for each route. A route without a rule stops the application's start."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from app.api.callers import caller_here, open_to_all
from app.callers import DEFAULT_TENANT, AccessScope
from app.errors import NotPermitted

READ, PLAN, ADMIN = AccessScope.READ, AccessScope.PLAN, AccessScope.ADMIN

OF_OPERATORS = frozenset({"/metrics"})
"""About all tenants: for callers of the default one alone."""

MAPS = "/ogc"
"""Of what is below it all is read, and nothing written."""

RULES: dict[tuple[str, str], AccessScope] = {
    ("POST", "/v1/scenarios"): PLAN,
    ("GET", "/v1/scenarios"): READ,
    ("POST", "/v1/scenarios/validate"): READ,
    ("GET", "/v1/scenarios/{scenario_id}"): READ,
    ("PUT", "/v1/scenarios/{scenario_id}"): PLAN,
    ("PATCH", "/v1/scenarios/{scenario_id}"): PLAN,
    ("DELETE", "/v1/scenarios/{scenario_id}"): PLAN,
    ("GET", "/v1/examples"): READ,
    ("POST", "/v1/runs"): PLAN,
    ("GET", "/v1/runs"): READ,
    ("GET", "/v1/runs/{run_id}"): READ,
    ("DELETE", "/v1/runs/{run_id}"): PLAN,
    ("GET", "/v1/runs/{run_id}/result"): READ,
    ("GET", "/v1/runs/{run_id}/scenario"): READ,
    ("GET", "/v1/runs/{run_id}/plan"): READ,
    ("GET", "/v1/runs/{run_id}/plan.geojson"): READ,
    ("GET", "/v1/runs/{run_id}/plan.gpkg"): READ,
    ("GET", "/v1/runs/{run_id}/plan.qgz"): READ,
    ("GET", "/v1/runs/{run_id}/incumbents"): READ,
    ("GET", "/v1/runs/{run_id}/events"): READ,
    ("POST", "/v1/batches"): PLAN,
    ("GET", "/v1/batches"): READ,
    ("GET", "/v1/batches/{batch_id}"): READ,
    ("DELETE", "/v1/batches/{batch_id}"): PLAN,
    ("GET", "/v1/compare"): READ,
    ("GET", "/v1/compare.geojson"): READ,
    ("GET", "/v1/schemas/scenario"): READ,
    ("GET", "/v1/schemas/plan"): READ,
    ("GET", "/v1/schemas/parameters/{kind}"): READ,
    ("GET", "/v1/schemas/results/{kind}"): READ,
    ("POST", "/v1/keys"): ADMIN,
    ("GET", "/v1/keys"): ADMIN,
    ("DELETE", "/v1/keys/{key_id}"): ADMIN,
    ("GET", "/metrics"): ADMIN,
}


def require_rules(routers: Iterable[APIRouter]) -> None:
    """Raises RuntimeError unless every route is open to all or has a rule, and no rule is left."""
    found = {
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and not open_to_all(route.path)
        for method in route.methods or ()
        if (method, _top(route.path)) != ("GET", MAPS)
    }
    if found != RULES.keys():
        raise RuntimeError(f"routes and rules differ: {sorted(found ^ RULES.keys())}")


async def permitted(request: Request) -> None:
    """Raises NotPermitted unless the caller may use this route; before anything else of it.

    As `async` it needs no thread, so that /healthz is answered while all of them are at work.
    """
    path: str = request.scope["route"].path
    if open_to_all(path):
        return
    caller = caller_here(request)
    needed = READ if _top(path) == MAPS else RULES[request.method, path]
    if needed not in caller.scopes:
        raise NotPermitted(needed)
    if path in OF_OPERATORS and caller.tenant != DEFAULT_TENANT:
        raise NotPermitted(f"{needed} ({DEFAULT_TENANT})")


def _top(path: str) -> str:
    return "/" + path.split("/")[1]
