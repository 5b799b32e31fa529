"""Configuration: environment variables that start with FLERKJERNE_."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.db import checked_url


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
    """Accepted runs waiting; beyond it a new run is refused for now."""
    max_time_limit_s: Annotated[float, Field(gt=0)] = 3600.0
    memory_limit_mb: Annotated[float, Field(ge=100)] = 8000.0
    """For one solve."""
    max_body_bytes: Annotated[int, Field(ge=1000)] = 20_000_000
    job_folder: Path | None = None
    """Where running solves keep their files, and results wait while the database is away; a
    temporary folder, which does not outlive the process, when left out."""
    max_queue_s: Annotated[float, Field(gt=0)] = 86_400.0
    """From posting a run to its first start."""
    max_total_s: Annotated[float, Field(gt=0)] = 172_800.0
    """From posting a run to its end, retries included."""
    heartbeat_timeout_s: Annotated[float, Field(ge=3)] = 10.0
    """A worker not seen for so long is dead; its runs go to others, within 5 s more."""
