"""The audit log: what was done, by whom, in a chain that shows when it was tampered with.

A change is noted where it is made and written at the end of the same transaction. Each tenant has
a chain; its lock is the last thing a transaction takes, and several are taken in order, so that
they neither deadlock nor are held for long.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.logs import request_id
from app.repositories import clock
from models import AuditRow

START = "0" * 64
"""Stands for the hash before the first entry."""

_NOTED = "audit"
_LOCKED_HEAD = "SELECT seq, hash, at FROM audit_entry_head(%s, %s, %s)"
_CHAIN_LOCK = 7_243_004  # beside those of `app.db`; with a hash of the tenant's name


@dataclass(frozen=True)
class _Note:
    tenant: str
    action: str
    subject: str
    detail: dict[str, Any]
    request_id: str | None


@dataclass(frozen=True)
class Chain:
    """A tenant's chain as it was found: its length, its last hash, and its first entry that is
    not as it was written, None when all are."""

    tenant: str
    length: int
    last_hash: str
    broken_at: int | None


def note(session: Session, tenant: str, action: str, subject: str, **detail: Any) -> None:
    """Something is being done in this transaction; `detail` is what JSON can hold."""
    noted = _Note(tenant, action, subject, detail, request_id.get())
    session.info.setdefault(_NOTED, []).append(noted)


def write_noted(session: Session, actor: str) -> None:
    """Add what was noted to the chains: the last thing before the commit."""
    noted: list[_Note] = session.info.pop(_NOTED, [])
    if not noted:
        return
    session.flush()
    for tenant in sorted({one.tenant for one in noted}, key=lambda t: (_lock_number(t), t)):
        seq, last, now = _locked_head(session, tenant)
        for one in (n for n in noted if n.tenant == tenant):
            seq += 1
            row = AuditRow(
                tenant=tenant,
                seq=seq,
                at=now,
                actor=actor,
                request_id=one.request_id,
                action=one.action,
                subject=one.subject,
                detail=json.dumps(one.detail, sort_keys=True, ensure_ascii=False),
            )
            row.hash = last = _hash(row, last)
            session.add(row)


def verify(session: Session) -> Iterator[Chain]:
    """Every chain, by tenant."""
    tenants = session.scalars(select(AuditRow.tenant).distinct().order_by(AuditRow.tenant)).all()
    return (_verified(session, tenant) for tenant in tenants)


def _verified(session: Session, tenant: str) -> Chain:
    length, last, broken_at = 0, START, None
    rows = session.scalars(
        select(AuditRow)
        .where(AuditRow.tenant == tenant)
        .order_by(AuditRow.seq)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        length += 1
        if broken_at is None and (row.seq != length or row.hash != _hash(row, last)):
            broken_at = length
        last = row.hash
    return Chain(tenant, length, last, broken_at)


def _locked_head(session: Session, tenant: str) -> tuple[int, str, datetime]:
    """Number and hash of the last entry, and the time: nobody adds another before the commit.

    On SQLite whoever writes is alone.
    """
    if session.get_bind().dialect.name == "sqlite":
        return *_head(session, tenant), clock.now(session)
    asked = (tenant, _CHAIN_LOCK, _lock_number(tenant))
    seq, last, now = session.connection().exec_driver_sql(_LOCKED_HEAD, asked).one()
    return seq or 0, last or START, now


def _lock_number(tenant: str) -> int:
    """Two tenants may share one; then they wait for each other, and nothing else."""
    return zlib.crc32(tenant.encode()) - 2**31


def _head(session: Session, tenant: str) -> tuple[int, str]:
    query = (
        select(AuditRow.seq, AuditRow.hash)
        .where(AuditRow.tenant == tenant)
        .order_by(AuditRow.seq.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    return (0, START) if found is None else (found.seq, found.hash)


def _hash(row: AuditRow, before: str) -> str:
    """SHA-256 of the hash before it and the entry's fields, as JSON without spaces."""
    content = [
        *(before, row.tenant, row.seq, _instant(row.at), row.actor, row.request_id),
        *(row.action, row.subject, row.detail),
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
