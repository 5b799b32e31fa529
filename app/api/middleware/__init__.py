"""What holds for every request, written for ASGI itself so that no answer escapes it."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from app.api.metrics import Metrics
from app.api.middleware.access import LetIn, Recognised
from app.api.middleware.bodies import BodyLimit
from app.api.middleware.browsers import CrossOrigin, SecurityHeaders
from app.api.middleware.compression import Compression
from app.api.middleware.heads import HeadAsGet, Joined, Options, Refusals
from app.api.middleware.hosts import OwnHost
from app.api.middleware.observing import Observed, Routed
from app.api.middleware.rates import RateLimit, Shedding
from app.api.together import Together
from app.services.login import LogIn
from app.settings import Settings


def install(
    app: FastAPI,
    settings: Settings,
    metrics: Metrics,
    login: LogIn,
    together: Sequence[Together[Any, Any]],
) -> None:
    """Put it around the routes, the innermost first."""
    app.add_middleware(Routed)
    app.add_middleware(Compression)
    app.add_middleware(Joined)
    app.add_middleware(
        BodyLimit, limit=settings.max_body_bytes, limit_of_all=settings.max_bodies_bytes
    )
    app.add_middleware(LetIn)
    app.add_middleware(Options)
    app.add_middleware(Shedding, most_waiting=settings.max_waiting, together=together)
    app.add_middleware(
        RateLimit, reads_per_s=settings.reads_per_s, writes_per_s=settings.writes_per_s
    )
    app.add_middleware(Recognised, login=login, most_waiting=settings.max_waiting)
    app.add_middleware(Refusals)
    if not settings.login_required:
        app.add_middleware(OwnHost, names=settings.own_hosts)
    app.add_middleware(CrossOrigin, origins=settings.cors_origins)
    app.add_middleware(HeadAsGet)
    app.add_middleware(Observed, metrics=metrics)
    app.add_middleware(SecurityHeaders)
