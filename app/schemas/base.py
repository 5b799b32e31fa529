"""What every document shares: strict types, unknown fields refused, identifiers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

# Control characters are refused: they would act on the terminals and tables that show the text.
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*$"
TEXT_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
ID_PATTERN = r"^[^\s\x00-\x1f\x7f-\x9f]+$"
MUNICIPALITY_PATTERN = r"^[0-9]{4}$"
POINTER_PATTERN = r"^(/([^~/]|~[01])*)*$"


class Document(BaseModel):
    """A part of a document: unknown fields are errors, no type is converted silently."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def whole(value: Any) -> Any:
    """12.0 is a whole number in JSON; True is not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _not_boolean(value: Any) -> Any:
    """To Python, and so to a literal 1, True is 1."""
    if isinstance(value, bool):
        raise PydanticKnownError("literal_error", {"expected": "1"})
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE_PATTERN)]
LongText = Annotated[str, StringConstraints(max_length=20_000, pattern=TEXT_PATTERN)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=ID_PATTERN)]
JsonPointer = Annotated[str, StringConstraints(max_length=1000, pattern=POINTER_PATTERN)]
SchemaVersion = Annotated[Literal[1], BeforeValidator(_not_boolean)]
Year = Annotated[int, Field(ge=1900, le=2200), BeforeValidator(whole)]
Count = Annotated[int, Field(ge=0, le=100_000_000), BeforeValidator(whole)]
Positive = Annotated[int, Field(ge=1, le=100_000_000), BeforeValidator(whole)]
Amount = Annotated[float, Field(ge=0, le=1e13)]
Share = Annotated[float, Field(ge=0, le=1)]
StrategyName = Literal["plain", "decomposition", "location", "by_year"]
"""How a scenario is solved: `solver.domain.result.Strategy`."""
RuleNameText = Literal[
    "need_met",
    "exclusions",
    "requirements",
    "opening_years",
    "required_projects",
    "forbidden_projects",
    "allowed_ownership",
    "coverage",
    "core_coverage",
    "staff",
    "investment_year",
    "investment_total",
    "operating",
    "keep_places",
    "max_projects",
    "min_cores",
    "within",
]
"""A rule that may be relaxed: `solver.domain.rules.RuleName`."""
RuleClassText = Literal["physical", "law", "policy", "assumption"]
"""How firm a rule is: `solver.domain.rules.RuleClass`. A physical one is never relaxed."""
