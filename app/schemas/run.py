"""Runs: what a client asks for, and the resources it reads."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from app.schemas.base import Document, Positive, Share, StrategyName
from app.schemas.parameters import RunKind


def _text_or_object(value: Any) -> Any:
    """Told apart here, so that an issue in it is not reported once for either type."""
    if not isinstance(value, str | dict):
        raise PydanticKnownError("dict_type")
    return value


ScenarioReference = Annotated[
    Any,
    BeforeValidator(_text_or_object),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/components/schemas/Scenario"}]}
    ),
]


MAX_THREADS = 16

PriorityName = Literal["high", "normal", "low"]


class RunOptions(Document):
    """How long and how exact; what is left out or null is the server's own choice."""

    time_limit_s: Annotated[float, Field(gt=0, le=1e6)] | None = None
    mip_gap: Share | None = None
    """Relative: |objective − bound| ÷ |objective|."""
    threads: Annotated[Positive, Field(le=MAX_THREADS)] | None = None
    strategy: StrategyName | None = None
    """How to solve it; null: chosen by size and structure. The run fails with
    `strategy_not_applicable` when it does not fit the scenario."""
    referee: bool | None = None
    """Ask a second, independent solver to confirm the proof; up to a minute beyond the limit."""


class RunRequest(Document):
    """One computation on one scenario."""

    scenario: ScenarioReference
    """Id of a stored scenario, name of a bundled one, or a whole scenario document."""
    kind: RunKind = "solve"
    parameters: dict[str, Any] | None = None
    """What the kind asks for beside the scenario; see the schema of its parameters."""
    options: RunOptions | None = None
    priority: PriorityName = "normal"
    """Of the runs that wait, those of a higher priority are solved first."""


MOST_IN_A_BATCH = 100


class BatchRequest(Document):
    """The same computation on several scenarios."""

    scenarios: Annotated[list[ScenarioReference], Field(min_length=1, max_length=MOST_IN_A_BATCH)]
    """Each an id of a stored scenario, name of a bundled one, or a whole scenario document."""
    kind: RunKind = "solve"
    parameters: dict[str, Any] | None = None
    """What the kind asks for beside the scenario; see the schema of its parameters."""
    options: RunOptions | None = None
    priority: PriorityName = "normal"
    """Of the runs that wait, those of a higher priority are solved first."""


class Resource(BaseModel):
    """What the server answers: every field is always there."""

    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True)


class Link(Resource):
    """Where to read more; `href` is relative to the server's root."""

    rel: str
    href: str
    type: str


class RunOptionsResource(Resource):
    """The options of a run, with the server's choices."""

    time_limit_s: float
    mip_gap: float
    threads: int
    strategy: StrategyName | None
    """The one asked for; null: chosen by size and structure."""
    referee: bool


class ProgressResource(Resource):
    """Where a solve stands; null while there is none."""

    incumbent_nok: float | None
    bound_nok: float | None
    gap: float | None
    seconds: float | None
    part: int | None
    """Of an analysis: which of its solves this is, counted from 1; null of kind solve."""
    parts: int | None
    """How many solves the analysis expects to need."""


class RunErrorResource(Resource):
    """Why a run failed."""

    code: str
    """Stable, English."""
    detail: str


Status = Literal["accepted", "running", "successful", "failed", "dismissed"]
Outcome = Literal["optimal", "feasible", "infeasible", "no_plan", "dismissed"]


class AnswerHead(BaseModel):
    """What a run tells of its result document, whatever kind that is."""

    outcome: Outcome
    objective_nok: FiniteFloat | None = None
    dual_bound_nok: FiniteFloat | None = None
    mip_gap: FiniteFloat | None = None


class StateResource(Resource):
    """A status that a run has come to."""

    status: Status
    outcome: Outcome | None
    error: RunErrorResource | None


class RunResource(Resource):
    """One computation on one scenario."""

    id: str
    status: Status
    kind: RunKind
    parameters: dict[str, Any]
    """What was asked for beside the scenario, the server's choices included."""
    priority: PriorityName
    scenario_id: str | None
    """Of the stored or bundled scenario; null when the document came with the request."""
    scenario_hash: str
    """SHA-256 of the run's own copy of the scenario."""
    batch_id: str | None
    """The batch it was posted in; null when it was posted alone."""
    outcome: Outcome | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    progress: ProgressResource
    options: RunOptionsResource
    error: RunErrorResource | None
    links: list[Link]


class RunList(Resource):
    """A page of runs, newest first."""

    items: list[RunResource]
    next: str | None
    """Address of the next page; null on the last."""


class BatchResource(Resource):
    """The same computation on several scenarios."""

    id: str
    status: Status
    """`accepted` until a run begins, `running` until all have ended; then `failed` or `dismissed`
    when any run is, else `successful`."""
    created: datetime
    ended: datetime | None
    """When the last run ended; null before that."""
    counts: dict[Status, int]
    """Runs by status."""
    runs: list[RunResource]
    """In the order of the scenarios."""
    links: list[Link]


class BatchList(Resource):
    """A page of batches, newest first."""

    items: list[BatchResource]
    next: str | None
    """Address of the next page; null on the last."""


class IncumbentResource(Resource):
    """A better plan found on the way."""

    seq: int
    """Numbered from 1 within the run."""
    seconds: float
    incumbent_nok: float
    bound_nok: float | None
    gap: float | None


class IncumbentList(Resource):
    """Incumbents in the order they were found."""

    items: list[IncumbentResource]
    next: str | None
    """Address of the next page; null when these are all so far."""
