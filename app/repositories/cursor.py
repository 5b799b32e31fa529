"""Where a page of a list ended: an opaque text for clients, a place in the order for us.

Lists run from the newest to the oldest by (created, id), so that what is made meanwhile moves
nothing to another page and what is deleted leaves no hole.
"""

import base64
import re
from datetime import datetime, timedelta
from typing import NamedTuple

_ID = re.compile(r"[0-9a-f-]{1,64}")


class Cursor(NamedTuple):
    """The last item of a page; `created` is in UTC."""

    created: datetime
    id: str

    def encode(self) -> str:
        """As text for a URL."""
        text = f"{self.created.isoformat()} {self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """From the text; ValueError when `encode` did not make it."""
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        created, _, item_id = raw.partition(" ")
        cursor = cls(datetime.fromisoformat(created), item_id)
        if cursor.created.utcoffset() != timedelta(0) or not _ID.fullmatch(item_id):
            raise ValueError("not a cursor of ours")
        return cursor
