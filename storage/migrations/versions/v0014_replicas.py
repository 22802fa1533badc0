"""Lets several processes share one database: which handles which chat, and what changed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_SENT_BY = "ix_outbox_replica"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("replica", sa.BigInteger(), nullable=True))
    op.create_index(_SENT_BY, "outbox", ["replica"])
    op.create_table(
        "replicas",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_replicas"),
    )
    op.create_table(
        "chats_at_work",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("replica", sa.BigInteger(), nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat", name="pk_chats_at_work"),
    )
    for column in ("replica", "until"):
        op.create_index(f"ix_chats_at_work_{column}", "chats_at_work", [column])
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("replica", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_at", "changes", ["at"])
    op.create_table(
        "rate_buckets",
        sa.Column("clock", sa.String(16), nullable=False),
        sa.Column("who", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("room", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("clock", "who", name="pk_rate_buckets"),
    )
    op.create_index("ix_rate_buckets_at", "rate_buckets", ["at"])


def downgrade() -> None:
    for table in ("rate_buckets", "changes", "chats_at_work", "replicas"):
        op.drop_table(table)
    op.drop_index(_SENT_BY, "outbox")
    op.drop_column("outbox", "replica")
