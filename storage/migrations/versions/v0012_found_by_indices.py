"""Adds indices for labels that wait to be learnt, and for what an admin decided."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD, _NEW = "ix_labels_learnt_in", "ix_labels_learnt_in_tried_at_removed_at"
_DECIDED_BY = "ix_label_decisions_decided_by"


def upgrade() -> None:
    op.drop_index(_OLD, "labels")
    op.create_index(_NEW, "labels", ["learnt_in", "tried_at", "removed_at"])
    op.create_index(_DECIDED_BY, "label_decisions", ["decided_by"])


def downgrade() -> None:
    op.drop_index(_DECIDED_BY, "label_decisions")
    op.drop_index(_NEW, "labels")
    op.create_index(_OLD, "labels", ["learnt_in"])
