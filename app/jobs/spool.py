"""Results that wait for the database, as files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from app.jobs.child import ChildResult
from app.repositories.runs import Hold


@dataclass(frozen=True)
class Spooled:
    """A result, who may write it, and the seconds it took."""

    hold: Hold
    result: ChildResult
    seconds: float


_AS_JSON = TypeAdapter(Spooled)


class Spool:
    """A folder of results: each is there in full or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, spooled: Spooled) -> None:
        """Keep it until it is dropped, whatever happens to this process."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(spooled.hold)
        draft = path.with_suffix(".part")
        draft.write_bytes(_AS_JSON.dump_json(spooled))
        draft.rename(path)

    def drop(self, hold: Hold) -> None:
        """It is in the database, or no longer wanted there."""
        self._path(hold).unlink(missing_ok=True)

    def left(self) -> Iterator[Spooled]:
        """What was not handed over."""
        for path in sorted(self._folder.glob("*.json")):
            yield _AS_JSON.validate_json(path.read_bytes())

    def _path(self, hold: Hold) -> Path:
        return self._folder / f"{hold.run_id}.{hold.attempt}.json"
