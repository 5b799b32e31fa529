"""Who asks: whose scenarios and runs they meet, and what they may do with them."""

import re
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TENANT = "default"
"""Of everything made without a log-in, and of those who run the service."""

EVERY_TENANT = "*"
"""No tenant's name; the scope of the service itself."""

_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:@-]{0,99}")


class AccessScope(StrEnum):
    """What a caller may do; none of them implies another."""

    READ = "read"
    PLAN = "plan"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Who asks. `actor` names them in the audit log."""

    tenant: str
    actor: str
    scopes: frozenset[AccessScope]


SYSTEM = Caller(EVERY_TENANT, "worker", frozenset())
"""The service itself: workers, retention, figures."""

ANYBODY = Caller(DEFAULT_TENANT, "anybody", frozenset(AccessScope))
"""Every caller while no log-in is asked for."""


def is_tenant(text: str) -> bool:
    """Whether this can be a tenant's name."""
    return _TENANT.fullmatch(text) is not None
