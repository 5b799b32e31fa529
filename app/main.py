"""The service put together, and started."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from app import logs
from app.api import methods, middleware, openapi, operations, problems
from app.api.connections import Limits, limited_protocol
from app.api.dependencies import Services
from app.api.metrics import Metrics
from app.api.v1 import compare, runs, scenarios, schemas
from app.db import Database, migrate
from app.jobs.local import LocalJobEngine
from app.services.runs import Runs
from app.services.scenarios import Scenarios
from app.settings import Settings

GRACEFUL_SHUTDOWN_S = 2


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application. Its tables are brought up to date when it starts."""
    app = FastAPI(
        title="flerkjerne",
        version=version("flerkjerne"),
        summary="Where and when a municipality should open care places.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services = _wire(settings)
    routers = [part.router for part in (scenarios, runs, compare, schemas, operations)]
    for router in routers:
        app.include_router(router)
    methods.install(app, routers)
    problems.install(app)
    openapi.install(app)
    middleware.install(app, settings, services.metrics)
    return app


def serve(settings: Settings) -> None:
    """Serve until told to stop; runs under way are then given back to the queue."""
    logs.configure(settings.log_format)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=limited_protocol(Limits.of(settings)),
        ws="none",
        timeout_keep_alive=settings.idle_timeout_s,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        server_header=False,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
    )


def _wire(settings: Settings) -> Services:
    database = Database(settings.database_url)
    stored = Scenarios(database)
    return Services(
        database=database,
        scenarios=stored,
        runs=Runs(database, stored, settings),
        engine=LocalJobEngine(database, settings),
        metrics=Metrics(database),
        cross_origins=settings.cors_origins,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await run_in_threadpool(migrate, services.database.url)
    await run_in_threadpool(services.engine.start)
    try:
        yield
    finally:
        await run_in_threadpool(services.engine.stop)
        services.database.dispose()
