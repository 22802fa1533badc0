"""Stores a chat's count and style only if it chose them, and its own hashtags.

Until then every row had a count and a style: the old defaults if nothing was chosen, without effect
if there was a platform.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DEFAULTS = {"count": 10, "style": "balanced"}

_chats = sa.table(
    "chats",
    sa.column("count", sa.SmallInteger),
    sa.column("style", sa.String),
    sa.column("platform", sa.String),
)


def upgrade() -> None:
    with op.batch_alter_table("chats") as batch:
        batch.add_column(sa.Column("own_hashtags", sa.JSON()))
        batch.alter_column("count", existing_type=sa.SmallInteger(), nullable=True)
        batch.alter_column("style", existing_type=sa.String(16), nullable=True)
    for name, default in DEFAULTS.items():
        column = _chats.c[name]
        unchosen = sa.or_(_chats.c.platform.is_not(None), column == default)
        op.execute(_chats.update().where(unchosen).values(**{name: None}))


def downgrade() -> None:
    for name, default in DEFAULTS.items():
        op.execute(_chats.update().where(_chats.c[name].is_(None)).values(**{name: default}))
    with op.batch_alter_table("chats") as batch:
        batch.alter_column("count", existing_type=sa.SmallInteger(), nullable=False)
        batch.alter_column("style", existing_type=sa.String(16), nullable=False)
        batch.drop_column("own_hashtags")
