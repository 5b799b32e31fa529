"""Examples of one kind: some in the ordinary suite, all of them with `make test-slow`."""

from collections.abc import Iterable
from typing import Any

import pytest


def some(values: Iterable[Any], ordinary: int) -> list[Any]:
    """The values as parameters; those after so many are slow."""
    return [
        value if place < ordinary else pytest.param(value, marks=pytest.mark.slow)
        for place, value in enumerate(values)
    ]
