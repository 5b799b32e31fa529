"""The answer to what must give way: repairs, and the rules that cannot hold together."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.schemas.answers.base import Answer
from app.schemas.base import Document, Identifier, RuleClassText, RuleNameText
from app.schemas.plan import ConflictSet


class Relaxation(Document):
    """How far the repair's plan goes beyond one rule, in the rule's own unit."""

    rule: str
    """Code of the family of constraints, C1–C16."""
    name: RuleNameText
    rule_class: Annotated[RuleClassText, Field(alias="class")]
    about: dict[
        Literal["project", "other_project", "core", "staff_group", "care_type", "ownership"],
        Identifier,
    ]
    """What the rule is about beside the municipality; empty when nothing."""
    year: int | None
    """Null where the rule is not about single years."""
    unit: Literal["places", "fte", "nok", "years", "projects", "cores", "links", "ownerships"]
    amount: float
    asked: float | None
    """What the rule asks for: places, FTE, NOK, a year, a number or a share; null without one."""
    given: float | None
    """What the patch makes it ask for, in the same unit; null where the rule has no number."""
    price_nok: float
    text: str
    """In Norwegian, for planners."""


class Repair(Document):
    """Relaxations that together make the scenario feasible."""

    price: float
    """Sum of the relaxations' prices [NOK]: a measure of how much gives way, not a cost."""
    proven: bool
    """Of the first repair: nothing cheaper makes the scenario feasible. Of the others: nothing
    cheaper does that relaxes the same rules alone."""
    minimal: bool
    """No part of these rules is enough, whatever the amounts: proven."""
    relaxations: list[Relaxation]
    text: list[str]
    """The relaxations in Norwegian, one sentence per rule."""
    patch: dict[str, Any]
    """JSON Merge Patch (RFC 7396) on the scenario; with it there is a plan, which was verified."""


class RepairAnswer(Answer):
    """What must give way for a plan to exist; no repairs and no conflict when there is one as it
    is. With the outcome infeasible the rules that may be relaxed are not enough.
    """

    repairs: list[Repair]
    """The cheapest first, then others that relax different rules, by price."""
    bound_nok: float | None
    """No repair is cheaper than this; null when nothing was proven."""
    complete: bool
    """Whether all the alternatives asked for were found, or shown not to exist."""
    conflict: ConflictSet | None
