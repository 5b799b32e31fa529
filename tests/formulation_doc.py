"""The part of docs/formulation.md that is made from the docstrings of the formulation.

What stands above the marker is written by hand and kept as it is.
"""

import re
from collections.abc import Callable
from inspect import getdoc
from pathlib import Path
from typing import Any

from solver.formulation import FAMILIES
from solver.formulation.objective import add_objective

DOCUMENT = Path(__file__).parents[1] / "docs" / "formulation.md"
MARKER = "<!-- From here on made from the docstrings in solver/formulation by `make goldens`. -->"
FIELDS = ("Formula", "Symbols", "Units", "Source", "Absent", "Elastic", "Price")


def document() -> str:
    """The whole document: the kept introduction, then what the docstrings say now."""
    by_hand, _, _ = DOCUMENT.read_text(encoding="utf-8").partition(MARKER)
    parts = [f"{by_hand}{MARKER}", "## Objective", *_section(add_objective), *_families()]
    return "\n\n".join(parts) + "\n"


def fields(function: Callable[..., Any]) -> dict[str, str]:
    """The named fields of a docstring, in their order, each on one line."""
    pieces = re.split(rf"^({'|'.join(FIELDS)}): ", getdoc(function) or "", flags=re.MULTILINE)
    return {
        name: " ".join(text.split()) for name, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def _families() -> list[str]:
    parts = ["## Constraints"]
    for family in FAMILIES:
        parts.append(f"### {family.code}: {family.title}")
        parts.append("Physical." if family.physical else "A wish: may be named in a conflict.")
        for constraint in family.constraints:
            parts.append(f"#### `{constraint.__name__}`")
            parts.extend(_section(constraint))
    return parts


def _section(function: Callable[..., Any]) -> list[str]:
    claim = " ".join((getdoc(function) or "").split("\n\n")[0].split())
    rows = [f"| {name} | {_cell(text)} |" for name, text in fields(function).items()]
    return [claim, "\n".join(["| | |", "|---|---|", *rows])]


def _cell(text: str) -> str:
    return _markup(text).replace("|", "\\|")


def _markup(text: str) -> str:
    """Formulas in the form that Markdown leaves alone: $`…`$."""
    return re.sub(r"\$([^$]+)\$", r"$`\1`$", text)
