"""Chats, users, photos, answers and feedback; labels, review and the block list."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BANDS = 5


def _number(name: str, **options: Any) -> sa.Column[int]:
    """A number given by us that fits SQLite's INTEGER PRIMARY KEY and PostgreSQL's BIGINT."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=False, **options)


def _photo_id(**options: Any) -> sa.Column[int]:
    return _number("photo_id", **options)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _belongs_to_photo(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["photo_id"], ["photos.id"], name=f"fk_{table}_photo_id_photos", ondelete="CASCADE"
    )


def _index(table: str, *columns: str) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns))


def upgrade() -> None:
    _people()
    _photos()
    _answers()
    _labels()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(16)),
        _time("first_seen"),
        _time("last_seen"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "chats",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("backend", sa.String(16)),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.Column("style", sa.String(16), nullable=False),
        sa.Column("mix", sa.String(32)),
        sa.Column("platform", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
    )


def _photos() -> None:
    op.create_table(
        "photos",
        _number("id"),
        sa.Column("average_hash", sa.BigInteger(), nullable=False),
        sa.Column("perceptual_hash", sa.LargeBinary(32), nullable=False),
        *(sa.Column(f"band_{band}", sa.SmallInteger(), nullable=False) for band in range(BANDS)),
        _time("at"),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sqlite_autoincrement=True,
    )
    _index("photos", "average_hash")
    for band in range(BANDS):
        _index("photos", f"band_{band}", "id", "average_hash")

    op.create_table(
        "photo_files",
        sa.Column("file_unique_id", sa.String(64), nullable=False),
        _photo_id(),
        _belongs_to_photo("photo_files"),
        sa.PrimaryKeyConstraint("file_unique_id", name="pk_photo_files"),
    )
    _index("photo_files", "photo_id")

    op.create_table(
        "photo_features",
        _photo_id(),
        sa.Column("backbone", sa.String(64), nullable=False),
        sa.Column("dims", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        _belongs_to_photo("photo_features"),
        sa.PrimaryKeyConstraint("photo_id", "backbone", name="pk_photo_features"),
    )

    op.create_table(
        "sightings",
        _number("id"),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        _photo_id(),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("media_group", sa.String(64)),
        sa.Column("by_bot", sa.Boolean(), nullable=False),
        _time("at"),
        _belongs_to_photo("sightings"),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
        sa.UniqueConstraint(
            "chat_id", "message_id", "photo_id", name="uq_sightings_chat_id_message_id_photo_id"
        ),
    )
    _index("sightings", "chat_id", "id")
    _index("sightings", "chat_id", "media_group")
    _index("sightings", "photo_id")
    _index("sightings", "user_id")


def _answers() -> None:
    op.create_table(
        "recommendations",
        _number("id"),
        _photo_id(),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("backend", sa.String(16), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("style", sa.String(16), nullable=False),
        sa.Column("hashtags", sa.JSON(), nullable=False),
        sa.Column("length", sa.SmallInteger(), nullable=False),
        sa.Column("elapsed_ms", sa.Double(), nullable=False),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        _time("at"),
        _belongs_to_photo("recommendations"),
        sa.PrimaryKeyConstraint("id", name="pk_recommendations"),
        sqlite_autoincrement=True,
    )
    _index("recommendations", "photo_id", "model", "backend", "style")
    _index("recommendations", "chat_id", "message_id")
    _index("recommendations", "backend", "elapsed_ms")

    op.create_table(
        "votes",
        _number("recommendation_id"),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=False),
        _time("at"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendations.id"],
            name="fk_votes_recommendation_id_recommendations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recommendation_id", "user_id", name="pk_votes"),
    )
    _index("votes", "user_id")


def _labels() -> None:
    op.create_table(
        "labels",
        _number("id"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        _photo_id(),
        sa.Column("hashtag", sa.String(100), nullable=False),
        _time("at"),
        sa.Column("learnt_in", sa.String(128)),
        _time("removed_at", nullable=True),
        _belongs_to_photo("labels"),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.UniqueConstraint(
            "user_id", "photo_id", "hashtag", name="uq_labels_user_id_photo_id_hashtag"
        ),
        sqlite_autoincrement=True,
    )
    _index("labels", "photo_id")
    _index("labels", "user_id", "at")
    _index("labels", "hashtag", "user_id")
    _index("labels", "learnt_in")

    op.create_table(
        "new_hashtags",
        _number("id"),
        sa.Column("hashtag", sa.String(100), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        _time("first_at"),
        sa.Column("decided_by", sa.BigInteger()),
        _time("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_new_hashtags"),
        sa.UniqueConstraint("hashtag", name="uq_new_hashtags_hashtag"),
        sqlite_autoincrement=True,
    )
    _index("new_hashtags", "status")

    op.create_table(
        "blocked_words",
        sa.Column("word", sa.String(100), nullable=False),
        sa.Column("added_by", sa.BigInteger()),
        _time("at"),
        sa.PrimaryKeyConstraint("word", name="pk_blocked_words"),
    )


def downgrade() -> None:
    for table in (
        "blocked_words",
        "new_hashtags",
        "labels",
        "votes",
        "recommendations",
        "sightings",
        "photo_features",
        "photo_files",
        "photos",
        "chats",
        "users",
    ):
        op.drop_table(table)
