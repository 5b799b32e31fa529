"""Which methods an address has."""

from fastapi import FastAPI
from starlette.routing import compile_path


def methods_at(app: FastAPI, address: str) -> list[str]:
    """Methods of every route at an address, sorted; none where there is no route.

    The router itself knows only of the first route that fits.
    """
    paths = app.openapi()["paths"] | {app.openapi_url: {"get": {}}}
    fitting = [path for path in paths if compile_path(path)[0].match(address)]
    chosen = [address] if address in paths else fitting
    methods = {method.upper() for path in chosen for method in paths[path]}
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods | {"OPTIONS"} if methods else methods)
