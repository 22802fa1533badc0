"""Stores hashtags taken out of answers; such answers are not reused in other chats."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken_out",
        sa.Column("recommendation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("hashtag", sa.String(100), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recommendation_id", "hashtag", name=op.f("pk_taken_out")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendations.id"],
            name=op.f("fk_taken_out_recommendation_id_recommendations"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_taken_out_user_id"), "taken_out", ["user_id"])
    op.add_column(
        "recommendations",
        sa.Column("only_here", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    # Not by a batch, which rebuilds the table: dropping the old one would delete the votes.
    op.drop_column("recommendations", "only_here")
    op.drop_table("taken_out")
