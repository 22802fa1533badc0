"""What Alembic runs: the migrations, over the connection that ``apply`` hands in."""

from typing import Any, Literal

from alembic import context

from storage.tables import Base, UTCDateTime


def render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Writes our own column types into a new migration as what they are in the database."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite cannot alter most of a table in place; batches rebuild it.
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
