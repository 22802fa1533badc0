"""Stores messages until they have arrived, with indices of what waits by person and chat."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keyboard", sa.JSON(), nullable=True),
        sa.Column("answer_id", _ID, nullable=True),
        sa.Column("photo_ids", sa.JSON(), nullable=False),
        sa.Column("unsure", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["recommendations.id"],
            name="fk_outbox_answer_id_recommendations",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    for column in ("chat_id", "user_id", "answer_id"):
        op.create_index(f"ix_outbox_{column}", "outbox", [column])
    for column in ("chat_id", "user_id"):
        op.add_column("inbox", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_index(f"ix_inbox_{column}", "inbox", [column])


def downgrade() -> None:
    for column in ("chat_id", "user_id"):
        op.drop_index(f"ix_inbox_{column}", "inbox")
        op.drop_column("inbox", column)
    op.drop_table("outbox")
