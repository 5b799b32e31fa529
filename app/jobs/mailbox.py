"""Messages from one process to another, as files in a private folder."""

from pathlib import Path


class Mailbox:
    """One direction: one process puts, another reads, each in the order they were put."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._put = self._read = 0

    def put(self, message: bytes) -> None:
        """Leave a message; it is there in full or not at all."""
        path = self._path(self._put)
        draft = path.with_suffix(".part")
        draft.write_bytes(message)
        draft.rename(path)
        self._put += 1

    def first(self) -> bytes | None:
        """The first that was not dropped; None while there is none."""
        try:
            return self._path(self._read).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self) -> None:
        """The first has been dealt with."""
        self._path(self._read).unlink()
        self._read += 1

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number}.json"
