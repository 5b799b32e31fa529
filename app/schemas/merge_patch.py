"""Changes to a document: JSON Merge Patch (RFC 7396), and one value set by its path."""

import json
import re
from typing import Any

from app.schemas.issues import pointer, shown
from app.schemas.jsontext import MAX_DEPTH
from solver.domain.errors import DocumentInvalid, Issue

_SEGMENT = r'"(?:[^"\\]++|\\.)*+"|[^."][^.]*+'
_PATH = re.compile(rf"(?:{_SEGMENT})(?:\.(?:{_SEGMENT}))*+")


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` changed by `patch` as RFC 7396 has it: null removes, objects merge, all else
    replaces. Neither input is changed; the result may share parts with both.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def merge_diff(old: Any, new: Any) -> dict[str, Any]:
    """The patch that makes `new` of `old`, both objects without null: `merge_patch(old, diff)`."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = merge_diff(before, value)
            if inner:
                patch[name] = inner
        elif name not in old or before != value:
            patch[name] = value
    return patch


def set_path(document: Any, dotted_path: str, value: Any) -> Any:
    """`document` with the value at `dotted_path` replaced by `value`; the input is not changed.

    Objects on the way are made where there are none, and None removes what is there, as null
    means none in a document. A segment with a dot in it is quoted: `projects."a.b".title`.
    Raises `DocumentInvalid` for a path that cannot be read or that leads through a value which
    is no object.
    """
    return _replaced(document, _segments(dotted_path), 0, value)


def place_of(dotted_path: str) -> str:
    """The JSON pointer of a dotted path. Raises as `set_path` does for one that cannot be read."""
    return pointer(*_segments(dotted_path))


def _replaced(here: Any, path: list[str], depth: int, value: Any) -> Any:
    if depth == len(path) or (here is None and value is None):
        return value
    if here is not None and not isinstance(here, dict):
        raise _bad_path(
            pointer(*path[:depth]),
            f"Her står {shown(here)}, som ikke har noe felt {shown(path[depth])}.",
            "Sett hele verdien her, ikke en del av den.",
        )
    name = path[depth]
    changed = dict(here or {})
    member = _replaced(changed.pop(name, None), path, depth + 1, value)
    return changed if member is None else {**changed, name: member}


def _segments(dotted_path: str) -> list[str]:
    """The names in a path. A quoted one is written as a JSON string."""
    if not _PATH.fullmatch(dotted_path):
        raise _unreadable(dotted_path)
    try:
        names = [
            json.loads(segment) if segment.startswith('"') else segment
            for segment in re.findall(_SEGMENT, dotted_path)
        ]
    except json.JSONDecodeError as error:
        raise _unreadable(dotted_path) from error
    if len(names) > MAX_DEPTH:
        raise _unreadable(dotted_path)
    return names


def _unreadable(dotted_path: str) -> DocumentInvalid:
    return _bad_path(
        "",
        f"Stien {shown(dotted_path)} kan ikke leses.",
        'Skriv navn skilt av punktum, og navn med punktum i anførselstegn: projects."a.b".title.',
    )


def _bad_path(place: str, message: str, mend: str) -> DocumentInvalid:
    return DocumentInvalid([Issue(place, "bad_path", message, mend)])
