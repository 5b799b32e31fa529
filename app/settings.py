"""Configuration: environment variables that start with FLERKJERNE_."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.db import checked_url
from app.logs import LogFormat


def _parts(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


WITH_COMMAS = BeforeValidator(_parts)

Origin = Annotated[str, Field(pattern=r"^https?://[0-9A-Za-z.:\[\]-]+$")]


class Settings(BaseSettings):
    """What an operator may set. The database URL may hold a password and is never shown."""

    model_config = SettingsConfigDict(
        env_prefix="FLERKJERNE_", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(checked_url), Field(repr=False)] = (
        "sqlite:///flerkjerne.db"
    )
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Solves at the same time."""
    max_queue: Annotated[int, Field(ge=1)] = 100
    """Accepted runs of one tenant waiting; beyond it a new run of theirs is refused for now."""
    max_time_limit_s: Annotated[float, Field(gt=0)] = 3600.0
    memory_limit_mb: Annotated[float, Field(ge=100)] = 8000.0
    """For one solve."""
    max_body_bytes: Annotated[int, Field(ge=1000)] = 20_000_000
    max_bodies_bytes: Annotated[int, Field(ge=1000)] = 200_000_000
    """Held by all requests at the same time; beyond it one that brings more is refused for now."""
    reads_per_s: Annotated[float, Field(gt=0)] = 500.0
    """For one client; twice as many may come at once after a pause."""
    writes_per_s: Annotated[float, Field(gt=0)] = 200.0
    max_waiting: Annotated[int, Field(ge=1)] = 200
    """Requests that wait for a thread; beyond it all but /healthz and /readyz are refused."""
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, WITH_COMMAS] = ()
    """Addresses or networks, with commas, whose X-Forwarded-For and -Proto are believed."""
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, WITH_COMMAS] = ()
    """Origins, with commas, whose pages may call the service from a browser; none by default."""
    max_connections: Annotated[int, Field(ge=1)] = 800
    """At the same time; beyond it those that ask nothing are closed, then new ones refused."""
    max_head_bytes: Annotated[int, Field(ge=1000)] = 32_000
    """Address and headers of a request."""
    max_headers: Annotated[int, Field(ge=10)] = 100
    head_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """For address and headers to come in, however they trickle."""
    body_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """For the body to come in, however it trickles."""
    idle_timeout_s: Annotated[int, Field(ge=1)] = 30
    """A connection without a request is kept for so long."""
    stall_timeout_s: Annotated[float, Field(gt=0)] = 30.0
    """A client that takes in less than 1 kB per second of its answer is let go after so long."""
    log_format: LogFormat | None = None
    """`json` or `text`; without it text on a terminal and JSON elsewhere."""
    job_folder: Path | None = None
    """Where running solves keep their files, and results wait while the database is away; a
    temporary folder, which does not outlive the process, when left out."""
    max_queue_s: Annotated[float, Field(gt=0)] = 86_400.0
    """From posting a run to its first start."""
    max_total_s: Annotated[float, Field(gt=0)] = 172_800.0
    """From posting a run to its end, retries included."""
    heartbeat_timeout_s: Annotated[float, Field(ge=3)] = 10.0
    """A worker not seen for so long is dead; its runs go to others, within 5 s more."""
