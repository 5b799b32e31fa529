"""Problem documents (RFC 9457)."""

from pydantic import BaseModel, ConfigDict


class ProblemIssue(BaseModel):
    """One thing wrong with a document or parameter."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pointer: str
    """JSON pointer (RFC 6901) into the document; `/query/…` or `/header/…` for a parameter."""
    code: str
    """Stable, English."""
    message: str
    """What is wrong, in Norwegian."""
    mend: str
    """How to put it right, in Norwegian."""


class Problem(BaseModel):
    """Why a request was not carried out (application/problem+json)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """`urn:flerkjerne:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """Stable, English."""
    issues: list[ProblemIssue]
    """Every issue found in a document or in the parameters; empty for other problems."""
