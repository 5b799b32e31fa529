"""Travel times kept by the hash of what they were computed from."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from geodata.network.times import RoadTimes

VERSION = 1  # of the computation: a change of what it gives makes what was kept of no use
_FIELDS = tuple(field.name for field in fields(RoadTimes))
_PIECE = 1 << 20


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def input_hash(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of plain JSON types and of the version of the computation."""
    text = json.dumps([VERSION, inputs], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def kept(folder: Path, key: str, compute: Callable[[], RoadTimes]) -> tuple[RoadTimes, bool]:
    """The times kept under a key, or computed and then kept; True when they were there.

    What cannot be read is computed anew. Raises OSError where the folder cannot be written in,
    before anything is computed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.npz"
    found = _load(path)
    if found is not None:
        return found, True
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as draft:
        try:
            times = compute()
            np.savez_compressed(draft, **{name: getattr(times, name) for name in _FIELDS})
            draft.close()
            os.replace(draft.name, path)
        except BaseException:
            os.unlink(draft.name)
            raise
    return times, False


def _load(path: Path) -> RoadTimes | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            times = RoadTimes(**{name: stored[name] for name in _FIELDS})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    shape = (len(times.site_metres), len(times.district_metres))
    return times if times.minutes.shape == shape else None
