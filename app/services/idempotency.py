"""One POST, one resource, however often it is sent with the same Idempotency-Key."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Unprocessable
from app.repositories.idempotency import IdempotencyRepository
from models import IdempotencyRow


@dataclass(frozen=True)
class KeyedPost:
    """A POST that carries a key."""

    key: str
    route: str
    body: bytes

    @property
    def body_hash(self) -> str:
        """SHA-256."""
        return hashlib.sha256(self.body).hexdigest()


def made_before(session: Session, post: KeyedPost | None) -> str | None:
    """Id of the resource that an earlier sending of this POST made, None when this is the first.

    Raises Unprocessable when the key came with another body before.
    """
    if post is None:
        return None
    row = IdempotencyRepository(session).get(post.key, post.route)
    return None if row is None else _resource_id(row, post)


def resource_for(session: Session, post: KeyedPost | None, new_id: str, now: datetime) -> str:
    """Id of the resource of this POST: `new_id`, unless another sending was faster.

    Raises Unprocessable when the key came with another body before.
    """
    if post is None:
        return new_id
    row = IdempotencyRepository(session).claim(
        post.key, post.route, body_hash=post.body_hash, resource_id=new_id, now=now
    )
    return _resource_id(row, post)


def _resource_id(row: IdempotencyRow, post: KeyedPost) -> str:
    if row.body_hash != post.body_hash:
        raise Unprocessable(
            "idempotency_key_reused",
            "Idempotency-Key er brukt før med et annet innhold. Bruk en ny nøkkel.",
        )
    return row.resource_id
