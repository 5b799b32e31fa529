"""API keys as resources."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.callers import AccessScope
from app.schemas.base import Document, Text, whole
from app.schemas.run import Resource

DAYS = 365
LONGEST_DAYS = 3650


class KeyRequest(Document):
    """A new key."""

    name: Annotated[Text, Field(max_length=100)]
    """What it is for."""
    scopes: Annotated[
        list[Annotated[AccessScope, Field(strict=False)]], Field(min_length=1, max_length=3)
    ]
    """What it may do; none of them implies another."""
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS), BeforeValidator(whole)] = DAYS
    """For which it is good."""


class KeyResource(Resource):
    """A key without its secret."""

    id: str
    name: str
    scopes: list[AccessScope]
    created: datetime
    expires: datetime
    last_used: datetime | None
    """To the minute."""
    revoked: datetime | None


class NewKeyResource(KeyResource):
    """A key, told this once."""

    key: str


class KeyList(Resource):
    """A page of the tenant's keys, newest first."""

    items: list[KeyResource]
    next: str | None
    """Address of the next page; null on the last."""
