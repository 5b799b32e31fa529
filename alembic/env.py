"""How alembic reaches the database; `app.db` owns the connection and its locks."""

from alembic.util import CommandError

from alembic import context
from app.db import migrating
from app.settings import Settings
from models import Base

if context.is_offline_mode():
    raise CommandError("migrations run on a database only, not as SQL text")

with migrating(context.config.attributes.get("url") or Settings().database_url) as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
