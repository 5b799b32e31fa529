"""A worker's own folder, which it holds while it lives; what dead ones left behind is removed."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "flerkjerne-worker-"
# Between making a folder and holding it passes an instant; nobody takes so young a one for left.
YOUNG_S = 60.0


class WorkerFolder:
    """A new folder in `parent`, nobody else's until `remove` or the end of the process."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def remove(self) -> None:
        """With all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def remove_left(parent: Path) -> None:
    """The folders in `parent` whose worker was killed."""
    for path in parent.glob(f"{PREFIX}*"):
        try:
            if time.time() - path.stat().st_mtime > YOUNG_S and not _is_held(path):
                shutil.rmtree(path, ignore_errors=True)
        except OSError:  # another one was quicker, or it is somebody else's
            continue


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
