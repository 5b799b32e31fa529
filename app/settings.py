"""Configuration: environment variables that start with FLERKJERNE_."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.db import checked_url
from app.logs import LogFormat


def _parts(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


WITH_COMMAS = BeforeValidator(_parts)

Origin = Annotated[str, Field(pattern=r"^https?://[0-9A-Za-z.:\[\]-]+$")]


HostName = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]+$")]

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]

# Keys that somebody on the way could replace would let anybody in.
JwksUrl = Annotated[
    str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]).*$")
]


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
    max_queue: Annotated[int, Field(ge=1)] = 1000
    """Accepted runs waiting, of everybody; beyond it every new run is refused for now."""
    max_queued_per_tenant: Annotated[int, Field(ge=1)] = 100
    """Accepted runs of one tenant waiting; beyond it a new run of theirs is refused for now."""
    max_running_per_tenant: Annotated[int, Field(ge=1)] = 2
    """Runs of one tenant under way on all workers, as soon as there is more than one tenant."""
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
    """Requests that wait for a thread or to be read for; beyond it all but /healthz and /readyz are
    refused."""
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
    map_cache_mb: Annotated[float, Field(ge=0)] = 300.0
    """Layers kept in memory for map programs, about."""
    log_format: LogFormat | None = None
    """`json` or `text`; without it text on a terminal and JSON elsewhere."""
    job_folder: Path | None = None
    """Where running solves keep their files, and results wait while the database is away; a
    temporary folder, which does not outlive the process, when left out."""
    max_queue_s: Annotated[float, Field(gt=0)] = 86_400.0
    """From posting a run to its first start."""
    max_total_s: Annotated[float, Field(gt=0)] = 172_800.0
    """From posting a run to its end, retries included."""
    retention_days: Annotated[float, Field(gt=0)] | None = None
    """Ended runs are removed so long after their end; never when left out."""
    require_login: bool = False
    """On a loopback address too; on others a log-in is always asked for."""
    own_hosts: Annotated[tuple[HostName, ...], NoDecode, WITH_COMMAS] = ()
    """Names, with commas, by which a service without log-in may be called besides those of
    loopback; with a log-in any name will do."""
    oidc_issuer: str | None = None
    """Exactly as in the claim `iss` of tokens; without it only API keys are taken."""
    oidc_audience: str | None = None
    """Exactly as in the claim `aud`."""
    oidc_jwks_url: JwksUrl | None = None
    """Where the issuer's keys are; from a token no address is taken."""
    oidc_algorithm: Algorithm = "RS256"
    """The only one that is taken."""
    oidc_scope_claim: str = "scope"
    """With the scopes, as a list or with spaces between; dots lead inside."""
    oidc_scope_prefix: str = ""
    """Before `read`, `plan` and `admin` in that claim."""
    oidc_tenant_claim: str | None = None
    """With the tenant, such as `consumer.ID`; without it everybody is of the default tenant."""
    heartbeat_timeout_s: Annotated[float, Field(ge=3)] = 10.0
    """A worker not seen for so long is dead; its runs go to others, within 5 s more."""

    @model_validator(mode="after")
    def _issuer_is_whole(self) -> Self:
        named = (self.oidc_issuer, self.oidc_audience, self.oidc_jwks_url)
        if any(named) and not all(named):
            raise ValueError("oidc_issuer, oidc_audience og oidc_jwks_url hører sammen")
        return self

    @property
    def login_required(self) -> bool:
        """Whether callers must say who they are."""
        return self.require_login or not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; other names than localhost may be anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
