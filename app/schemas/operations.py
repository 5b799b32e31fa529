"""Answers to operators."""

from typing import Literal

from app.schemas.run import Resource


class Alive(Resource):
    """The process answers."""

    status: Literal["alive"]


class Ready(Resource):
    """The service can do its work."""

    status: Literal["ready"]
    database: Literal["sqlite", "postgresql"]
    sqlite_version: str | None
    warnings: list[str]
    """What an operator should mend, in Norwegian."""
