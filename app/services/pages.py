"""Pages of a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.errors import Unprocessable
from app.repositories.cursor import Cursor
from models import KeyRow, RunRow, ScenarioRow

Item = TypeVar("Item", KeyRow, RunRow, ScenarioRow)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list, and the cursor of the next page if there is one."""

    items: Sequence[Item]
    next: str | None


def page(
    read: Callable[[Cursor | None, int], list[Item]], cursor: str | None, limit: int
) -> Page[Item]:
    """Read a page; Unprocessable for a cursor that is not one of ours."""
    items = read(_decoded(cursor), limit + 1)
    if len(items) <= limit:
        return Page(items, None)
    last = items[limit - 1]
    return Page(items[:limit], Cursor(last.created, last.id).encode())


def _decoded(cursor: str | None) -> Cursor | None:
    try:
        return None if cursor is None else Cursor.decode(cursor)
    except ValueError as error:
        raise Unprocessable("bad_cursor", "«cursor» er ikke fra en liste her.") from error
