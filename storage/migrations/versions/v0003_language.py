"""Stores the language of a chat's and of an answer's hashtags; until then all were English."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("chats", "recommendations"):
        op.add_column(table, sa.Column("language", sa.String(8)))


def downgrade() -> None:
    # Not by a batch, which rebuilds the tables: dropping the old one would delete the votes.
    for table in ("chats", "recommendations"):
        op.drop_column(table, "language")
