"""Stores which of several answers a message went back to."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recommendations", sa.Column("shown_again", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("recommendations", "shown_again")
