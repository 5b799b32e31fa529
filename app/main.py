"""The service put together, and started."""

import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from types import FrameType

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool

from app import logs
from app.api import access, methods, middleware, openapi, operations, problems
from app.api.connections import Limits, limited_protocol
from app.api.dependencies import Services
from app.api.feed import Feed
from app.api.metrics import Metrics
from app.api.together import Together
from app.api.v1 import batches, compare, examples, keys, runs, scenarios, schemas
from app.db import Database, migrate
from app.errors import DATABASE_AWAY, DatabaseUnreachable, PortInUse
from app.jobs.durable import DurableJobEngine
from app.jobs.port import JobEngine
from app.ogc import routes as ogc
from app.services.acceptance import checked_scenarios
from app.services.login import LogIn
from app.services.maps import MapCache
from app.services.room import Room
from app.settings import Settings
from app.web import routes as web

GRACEFUL_SHUTDOWN_S = 2
# In one group; submits hold up what others of the tenant write, each for some two milliseconds.
MOST_READS, MOST_SUBMITS = 500, 25
# After each look at the network the loop may wait as long as this for a thread that computes. With
# Python's own 0.005 a busy service refused more than twice as many: docs/reliability.md.
SWITCH_S = 0.0005

logger = logging.getLogger("uvicorn.error")  # where uvicorn says the rest about its start


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
    parts = (scenarios, examples, runs, batches, compare, schemas, keys, operations, ogc, web)
    routers = [part.router for part in parts]
    access.require_rules(routers)
    for router in routers:
        app.include_router(router, dependencies=[Depends(access.permitted)])
    methods.install(app, routers)
    problems.install(app)
    openapi.install(app)
    together = (services.reads, services.submits, services.feed.looks)
    middleware.install(app, settings, services.metrics, services.login, together)
    return app


def serve(settings: Settings) -> None:
    """API and one worker until told to stop; runs under way are then given back to the queue.

    Raises PortInUse, and DatabaseInUse when another process writes to the SQLite file.
    """
    logs.configure(settings.log_format)
    app = create_app(settings)
    services: Services = app.state.services
    config = uvicorn.Config(
        app,
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
        lifespan="off",  # it would tell with a stack trace what `at_work` raises
    )
    with (
        _ended_by_signals(),
        _listening(config) as listener,
        at_work(services.database, services.engine, services.login),
    ):
        _keep_what_is_loaded()
        sys.setswitchinterval(SWITCH_S)
        logger.info("Serving http://%s:%d", *listener.getsockname()[:2])
        _Server(config, services).run([listener])


def work(settings: Settings) -> None:
    """One worker and no API until told to stop; DatabaseInUse as for `serve`."""
    logs.configure(settings.log_format)
    database = Database(settings.database_url)
    with _ended_by_signals(), at_work(database, DurableJobEngine(database, settings)):
        threading.Event().wait()


def _keep_what_is_loaded() -> None:
    """Half a million objects of modules: each look through them takes 0.2 s of everybody's time."""
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Gives runs back while connections drain, and ends the streams of events."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal to end."""
        self._services.engine.begin_to_stop()
        self._services.feed.close()
        super().handle_exit(sig, frame)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT end the block in order, and the process with status 0."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _listening(config: uvicorn.Config) -> Iterator[socket.socket]:
    """The socket to serve; PortInUse when another process has the port."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        listener = socket.create_server((config.host, config.port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(config.host, config.port) from error
        raise
    with listener:
        yield listener


def _wire(settings: Settings) -> Services:
    database = Database(settings.database_url)
    return Services(
        database=database,
        login=LogIn(database, settings),
        settings=settings,
        engine=DurableJobEngine(database, settings),
        feed=Feed(database),
        reads=Together(MOST_READS),
        submits=Together(MOST_SUBMITS),
        map_cache=MapCache(settings.map_cache_mb),
        checked=checked_scenarios(),
        room=Room(),
        metrics=Metrics(database),
    )


@contextmanager
def at_work(database: Database, engine: JobEngine, login: LogIn | None = None) -> Iterator[None]:
    """A worker on an up-to-date database, until the end; with `login` one that serves callers."""
    with database.serving():
        try:
            migrate(database.url)
            if login is not None:
                login.require_somebody()
            engine.start()
        except DATABASE_AWAY as error:
            raise DatabaseUnreachable(database.url) from error
        try:
            yield
        finally:
            engine.stop()
            database.dispose()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    work = at_work(services.database, services.engine, services.login)
    await run_in_threadpool(work.__enter__)
    try:
        yield
    finally:
        await run_in_threadpool(work.__exit__, None, None, None)
