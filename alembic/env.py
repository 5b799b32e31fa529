"""How alembic reaches the database; `app.db` owns the connection and its locks."""

from typing import Any

from alembic.util import CommandError

from alembic import context
from app.db import migrating
from app.settings import Settings
from models import Base


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """On SQLite the tables of the job queue stand in the same file; it looks after them itself."""
    return kind != "table" or name in Base.metadata.tables


if context.is_offline_mode():
    raise CommandError("migrations run on a database only, not as SQL text")

with migrating(context.config.attributes.get("url") or Settings().database_url) as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=_is_ours,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
