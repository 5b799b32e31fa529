"""Which methods an address has."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import Scope

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def install(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Note the routes, for the application itself only knows the first that fits an address."""
    routes: dict[str, set[str]] = {str(app.openapi_url): {"GET"}}
    for router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            routes.setdefault(route.path, set()).update(route.methods or ())
    app.state.methods = [(compile_path(path)[0], path, routes[path]) for path in routes]


def methods_at(scope: Scope) -> list[str]:
    """Methods of every route at the address of a request, sorted; none where there is no route.

    Routes without a parameter win over those with one. GET routes answer HEAD, and where there is
    any route OPTIONS is answered (`app.api.middleware`).
    """
    address, noted = scope["path"], scope["app"].state.methods
    exact = [methods for _, path, methods in noted if path == address]
    fitting = [methods for pattern, _, methods in noted if pattern.match(address)]
    methods = set().union(*(exact or fitting))
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods | {"OPTIONS"} if methods else methods)
