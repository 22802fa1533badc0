"""Stores which hashtags an answer's caption named; until then captions were not read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recommendations", sa.Column("words", sa.Text))


def downgrade() -> None:
    # Not by a batch, which rebuilds the table: dropping the old one would delete the votes.
    op.drop_column("recommendations", "words")
