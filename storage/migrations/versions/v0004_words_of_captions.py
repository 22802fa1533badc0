"""Answers remember which hashtags the photo's caption named; until then captions were not read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recommendations", sa.Column("words", sa.Text))


def downgrade() -> None:
    # Not by making the table anew: the votes on answers would go with the old one.
    op.drop_column("recommendations", "words")
