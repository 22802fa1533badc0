"""Chats choose the language of their hashtags, and answers keep theirs; until then all English."""

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
    # Not by making the tables anew: the votes on answers would go with the old one.
    for table in ("chats", "recommendations"):
        op.drop_column(table, "language")
