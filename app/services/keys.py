"""Use cases of API keys. Every method is one transaction unless it says so.

A key is `flk_<id>.<secret>`; the secret is 256 random bits, of which only the SHA-256 is stored:
what nobody can guess needs no slow hash.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.callers import AccessScope, Caller
from app.db import CallersDatabase, Database
from app.errors import LoginFailed, NotFound
from app.repositories import clock
from app.repositories.keys import KeyRepository
from app.services.pages import Page, page
from models import KeyRow

PATTERN = re.compile(r"flk_([0-9a-f]{16})\.([0-9A-Za-z_-]{43})")
USED_TO_THE_S = 60
"""How exactly it is told when a key was last used."""


@dataclass(frozen=True)
class NewKey:
    """A key and its row; the key itself is never to be had again."""

    row: KeyRow
    key: str


class Keys:
    """The keys of one caller's tenant."""

    def __init__(self, database: CallersDatabase) -> None:
        self._database = database

    def create(self, name: str, scopes: Collection[AccessScope], days: int) -> NewKey:
        """A new key that is good for so many days."""
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        with self._database.writing() as session:
            now = clock.now(session)
            row = KeyRow(
                id=key_id,
                name=name,
                secret_sha256=_hashed(secret),
                scopes=" ".join(scope for scope in AccessScope if scope in scopes),
                created=now,
                expires=now + timedelta(days=days),
            )
            KeyRepository(session).add(row)
        return NewKey(row, f"flk_{key_id}.{secret}")

    def page(self, cursor: str | None, limit: int) -> Page[KeyRow]:
        """A page of them, newest first."""
        with self._database.reading() as session:
            return page(KeyRepository(session).page, cursor, limit)

    def revoke(self, key_id: str) -> None:
        """No more requests with this one; NotFound when there is none."""
        with self._database.writing() as session:
            repository = KeyRepository(session)
            row = repository.get(key_id)
            if row is None:
                raise NotFound("key_not_found", "Nøkkelen finnes ikke.")
            repository.revoke(row, clock.now(session))


def any_usable(database: Database) -> bool:
    """Whether somebody can log in with a key."""
    with database.reading() as session:
        return KeyRepository(session).usable(clock.now(session))


def caller_with(database: Database, key: str) -> Caller:
    """Who has this key; LoginFailed when it is none of ours, expired or revoked.

    Notes now and then, in a transaction of its own, that it was used.
    """
    found = PATTERN.fullmatch(key)
    if found is None:
        raise LoginFailed
    key_id, secret = found.groups()
    with database.reading() as session:
        row = KeyRepository(session).get(key_id)
        now = clock.now(session)
    known = "" if row is None else row.secret_sha256
    if not hmac.compare_digest(known, _hashed(secret)) or row is None:
        raise LoginFailed
    if row.revoked is not None or row.expires <= now:
        raise LoginFailed
    _note_use(database, row, now)
    scopes = frozenset(AccessScope(name) for name in row.scopes.split())
    return Caller(row.tenant, f"key:{row.id}", scopes)


def _note_use(database: Database, row: KeyRow, now: datetime) -> None:
    since = now - timedelta(seconds=USED_TO_THE_S)
    if row.last_used is None or row.last_used < since:
        with database.writing() as session:
            KeyRepository(session).used(row.id, now, since)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
