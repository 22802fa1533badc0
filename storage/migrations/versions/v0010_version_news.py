"""Stores when a fine-tuning learnt from a label in vain, and news of versions for admins.

Of earlier fine-tunings only what was learnt is known, so there is no news of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "version_news"
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("labels", sa.Column("tried_at", _TIME))
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("announced_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
    )
    op.create_index(f"ix_{_TABLE}_announced_at", _TABLE, ["announced_at"])


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.drop_column("labels", "tried_at")
