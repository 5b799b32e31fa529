"""Bad scenarios, each with where and as what it must be refused.

The same cases go through the checking, the HTTP interface and the command line.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.schemas.merge_patch import merge_patch
from geodata import bundled

from .patches import LILLEHAMMER, PATCHES
from .texts import TEXTS
from .toy import TOY, put
from .values import VALUES


@dataclass(frozen=True)
class BadCase:
    """A text that must be refused with an issue of this code at this JSON pointer."""

    name: str
    text: bytes = field(repr=False)
    pointer: str
    code: str


def _patched(
    prefix: str, base: Any, patches: Iterable[tuple[str, dict[str, Any], str, str]]
) -> Iterator[BadCase]:
    for name, patch, pointer, code in patches:
        yield BadCase(prefix + name, _text(merge_patch(base, patch)), pointer, code)


def _text(document: Any) -> bytes:
    return json.dumps(document).encode()


CASES: list[BadCase] = [
    *(BadCase(name, text, pointer, code) for name, text, pointer, code in TEXTS),
    *(BadCase(name, _text(put(place, value)), place, code) for name, place, value, code in VALUES),
    *_patched("", TOY, PATCHES),
    *_patched("lillehammer-", bundled.load("lillehammer"), LILLEHAMMER),
]
