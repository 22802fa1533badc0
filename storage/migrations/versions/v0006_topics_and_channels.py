"""Stores the topic that a photo was shown in, and drops albums, which were never read.

Channels that want hashtags in the captions of their photos get a row. What anonymous admins did now
belongs to their group, not to the one user that all of them share.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ALBUM_INDEX = "ix_sightings_chat_id_media_group"
_ANONYMOUS_ADMIN = 1_087_968_824


def upgrade() -> None:
    with op.batch_alter_table("sightings") as batch:
        batch.drop_index(_ALBUM_INDEX)
        batch.drop_column("media_group")
        batch.add_column(sa.Column("topic_id", sa.BigInteger()))
    for name in ("sightings", "labels"):
        rows = sa.table(name, sa.column("user_id"), sa.column("chat_id"))
        theirs = rows.update().where(rows.c.user_id == _ANONYMOUS_ADMIN, rows.c.chat_id < 0)
        op.execute(theirs.values(user_id=rows.c.chat_id))
    op.create_table(
        "captioned_channels",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_captioned_channels"),
    )


def downgrade() -> None:
    op.drop_table("captioned_channels")
    with op.batch_alter_table("sightings") as batch:
        batch.drop_column("topic_id")
        batch.add_column(sa.Column("media_group", sa.String(64)))
        batch.create_index(_ALBUM_INDEX, ["chat_id", "media_group"])
