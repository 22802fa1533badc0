"""Makes labels everybody's only once somebody else agrees, and stores hashtags as written.

Decisions on new hashtags become decisions on the photos that carry them: approved ones stay
everybody's, and rejected ones become blocked words, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A batch rebuilds the table, and would lose its AUTOINCREMENT, by which no id is reused.
_KEEP_COUNTING = {"sqlite_autoincrement": True}

_TIME = sa.DateTime(timezone=True)

_labels = sa.table(
    "labels",
    sa.column("id", sa.BigInteger),
    sa.column("user_id", sa.BigInteger),
    sa.column("photo_id", sa.BigInteger),
    sa.column("hashtag", sa.String),
    sa.column("key", sa.String),
    sa.column("at", _TIME),
    sa.column("removed_at", _TIME),
)
_new = sa.table(
    "new_hashtags",
    sa.column("hashtag", sa.String),
    sa.column("status", sa.String),
    sa.column("first_at", _TIME),
    sa.column("decided_by", sa.BigInteger),
    sa.column("decided_at", _TIME),
)
_decisions = sa.table(
    "label_decisions",
    sa.column("photo_id", sa.BigInteger),
    sa.column("key", sa.String),
    sa.column("status", sa.String),
    sa.column("decided_by", sa.BigInteger),
    sa.column("decided_at", _TIME),
)
_blocked = sa.table(
    "blocked_words",
    sa.column("word", sa.String),
    sa.column("added_by", sa.BigInteger),
    sa.column("at", _TIME),
)


def upgrade() -> None:
    with op.batch_alter_table("labels", table_kwargs=_KEEP_COUNTING) as batch:
        batch.add_column(sa.Column("key", sa.String(300)))
        batch.add_column(
            sa.Column("album", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(
            sa.Column("likely", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # Hashtags were case-folded until now, except for the dot that folding leaves of İ.
    folded = sa.func.replace(_labels.c.hashtag, "i\u0307", "i")
    op.execute(_labels.update().values(key=folded))
    # Of two that have become the same, the older stays; it is in use if either was.
    twin = _labels.alias()
    same = sa.and_(
        twin.c.user_id == _labels.c.user_id,
        twin.c.photo_id == _labels.c.photo_id,
        twin.c.key == _labels.c.key,
    )
    in_use = sa.exists().where(same, twin.c.removed_at.is_(None))
    op.execute(_labels.update().where(in_use).values(removed_at=None))
    op.execute(_labels.delete().where(sa.exists().where(same, twin.c.id < _labels.c.id)))
    op.execute(_labels.update().values(hashtag=_labels.c.key))
    with op.batch_alter_table("labels", table_kwargs=_KEEP_COUNTING) as batch:
        batch.alter_column("key", existing_type=sa.String(300), nullable=False)
        batch.drop_constraint("uq_labels_user_id_photo_id_hashtag", type_="unique")
        batch.create_unique_constraint(
            "uq_labels_user_id_photo_id_key", ["user_id", "photo_id", "key"]
        )
        batch.drop_index("ix_labels_hashtag_user_id")
        batch.create_index("ix_labels_key_user_id", ["key", "user_id"])
        batch.create_index("ix_labels_chat_id", ["chat_id"])
    op.create_table(
        "label_decisions",
        sa.Column("photo_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("photo_id", "key", name="pk_label_decisions"),
        sa.ForeignKeyConstraint(
            ["photo_id"],
            ["photos.id"],
            name="fk_label_decisions_photo_id_photos",
            ondelete="CASCADE",
        ),
    )
    op.execute(
        _decisions.insert().from_select(
            ["photo_id", "key", "status", "decided_by", "decided_at"],
            sa.select(
                _labels.c.photo_id,
                _labels.c.key,
                _new.c.status,
                sa.func.max(_new.c.decided_by),
                sa.func.max(sa.func.coalesce(_new.c.decided_at, _new.c.first_at)),
            )
            .join_from(_labels, _new, _new.c.hashtag == _labels.c.hashtag)
            .where(_new.c.status.in_(["approved", "rejected"]))
            .group_by(_labels.c.photo_id, _labels.c.key, _new.c.status),
        )
    )
    with op.batch_alter_table("blocked_words") as batch:
        batch.alter_column("word", existing_type=sa.String(100), type_=sa.String(300))
        batch.add_column(
            sa.Column("allowed", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    known = sa.select(_blocked.c.word)
    op.execute(
        _blocked.insert().from_select(
            ["word", "added_by", "at"],
            sa.select(
                _new.c.hashtag,
                _new.c.decided_by,
                sa.func.coalesce(_new.c.decided_at, _new.c.first_at),
            ).where(_new.c.status == "rejected", _new.c.hashtag.not_in(known)),
        )
    )
    op.drop_table("new_hashtags")


def downgrade() -> None:
    op.create_table(
        "new_hashtags",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("hashtag", sa.String(100), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_new_hashtags"),
        sa.UniqueConstraint("hashtag", name="uq_new_hashtags_hashtag"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_new_hashtags_status", "new_hashtags", ["status"])
    op.execute(sa.text("DELETE FROM blocked_words WHERE allowed"))
    with op.batch_alter_table("blocked_words") as batch:
        batch.drop_column("allowed")
        batch.alter_column("word", existing_type=sa.String(300), type_=sa.String(100))
    op.drop_table("label_decisions")
    with op.batch_alter_table("labels", table_kwargs=_KEEP_COUNTING) as batch:
        batch.drop_index("ix_labels_chat_id")
        batch.drop_index("ix_labels_key_user_id")
        batch.drop_constraint("uq_labels_user_id_photo_id_key", type_="unique")
        batch.create_unique_constraint(
            "uq_labels_user_id_photo_id_hashtag", ["user_id", "photo_id", "hashtag"]
        )
        batch.create_index("ix_labels_hashtag_user_id", ["hashtag", "user_id"])
        for column in ("likely", "album", "key"):
            batch.drop_column(column)
