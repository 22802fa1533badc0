"""The tables, as SQLAlchemy models. ``migrations/versions`` builds the same ones, step by step.

Those of the inbox and the outbox are in ``storage.queue_tables``, and are re-exported here.

Users and chats are bare numbers here, without foreign keys: what Telegram knows about them is
not ours to keep. Everything that depends on a photo is deleted with it (ON DELETE CASCADE).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.base import KEEP_COUNTING, RowId
from storage.base import Base as Base
from storage.base import UTCDateTime as UTCDateTime
from storage.base import now as now
from storage.queue_tables import HandledUpdate as HandledUpdate
from storage.queue_tables import OutgoingMessage as OutgoingMessage
from storage.queue_tables import WaitingUpdate as WaitingUpdate

HASHTAG_LENGTH = 100
LARGEST_INTEGER = 2**63 - 1
"""Of a ``BigInteger`` column."""
BANDS = 5
"""Columns into which the average hash of a photo is split."""
KEY_LENGTH = 300
"""Case folding turns a letter into up to three."""


class User(Base):
    """Someone who has written to the bot. No name is kept."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    language: Mapped[str | None] = mapped_column(String(16))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class Chat(Base):
    """A chat's own settings; a chat without a row, or None in a column, has the defaults."""

    __tablename__ = "chats"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    backend: Mapped[str | None] = mapped_column(String(16))
    count: Mapped[int | None] = mapped_column(SmallInteger)
    style: Mapped[str | None] = mapped_column(String(16))
    mix: Mapped[str | None] = mapped_column(String(32))
    platform: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    own_hashtags: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class CaptionedChannel(Base):
    """A channel that has hashtags added to the captions of its photos."""

    __tablename__ = "captioned_channels"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class HashColumns:
    """The hashes of a photo, or of a view of it.

    The average hash (64 bits, signed), with its bands, by which it is indexed; the perceptual hash
    (256 bits); the colours, None for photos stored before these were added.
    """

    average_hash: Mapped[int] = mapped_column(BigInteger)
    perceptual_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    band_0: Mapped[int] = mapped_column(SmallInteger)
    band_1: Mapped[int] = mapped_column(SmallInteger)
    band_2: Mapped[int] = mapped_column(SmallInteger)
    band_3: Mapped[int] = mapped_column(SmallInteger)
    band_4: Mapped[int] = mapped_column(SmallInteger)
    colours: Mapped[bytes | None] = mapped_column(LargeBinary(192))


class Photo(HashColumns, Base):
    """A photo, as its hashes."""

    __tablename__ = "photos"
    __table_args__ = (
        # Id and hash are in each index too, so that proposing never touches the table.
        *(Index(None, f"band_{band}", "id", "average_hash") for band in range(BANDS)),
        Index(None, "average_hash"),
        KEEP_COUNTING,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime]


class CroppedPhoto(HashColumns, Base):
    """The hashes of a photo's inner part; photos stored before these were added have no row."""

    __tablename__ = "cropped_photos"
    __table_args__ = (
        *(Index(None, f"band_{band}", "photo_id", "average_hash") for band in range(BANDS)),
        Index(None, "average_hash"),
    )

    photo_id: Mapped[int] = mapped_column(
        ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True
    )


class PhotoFile(Base):
    """Telegram's lasting id of a file; the same photo uploaded again has another one."""

    __tablename__ = "photo_files"

    file_unique_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), index=True)


class PhotoFeatures(Base):
    """A photo's features by one backbone: ``dims`` little-endian float16 numbers."""

    __tablename__ = "photo_features"

    photo_id: Mapped[int] = mapped_column(
        ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True
    )
    backbone: Mapped[str] = mapped_column(String(64), primary_key=True)
    dims: Mapped[int]
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class Sighting(Base):
    """A message that shows a photo, or (``by_bot``) answers one.

    Attributes:
        user_id: who sent it, or the chat that it was sent on behalf of.
        topic_id: the forum topic that it is in, if any.
    """

    __tablename__ = "sightings"
    __table_args__ = (
        UniqueConstraint("chat_id", "message_id", "photo_id"),
        Index(None, "chat_id", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    topic_id: Mapped[int | None] = mapped_column(BigInteger)
    by_bot: Mapped[bool]
    at: Mapped[datetime]


class Recommendation(Base):
    """An answer as shown in its chat.

    Attributes:
        photo_id: of an album, its first photo.
        style, mix: how hashtags were ranked, and the mix of sizes, if any.
        language: of its hashtags; None, in rows from before there were others, is English.
        words: hashtags that the caption named, joined by spaces; None where it named none, empty
            where they were forgotten.
        album: it answers several photos as one.
        hashtags: [hashtag, score] each, best first; those taken out are still there.
        length: how many of those that were not taken out are shown.
        only_here: it may lack hashtags that its chat did not want or has as its own, so it is not
            reused.
        taken_out: what somebody took out, in that order.
        duplicate: the photo was known already.
        at: when computing it began.
        shown_again: the id of its message's newest answer when that went back to this one; of a
            message's answers one at most has it.
    """

    __tablename__ = "recommendations"
    __table_args__ = (
        Index(None, "photo_id", "model", "backend", "style"),
        Index(None, "chat_id", "message_id"),
        Index(None, "backend", "elapsed_ms"),
        KEEP_COUNTING,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    backend: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(128))
    style: Mapped[str] = mapped_column(String(16))
    mix: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    words: Mapped[str | None] = mapped_column(Text)
    album: Mapped[bool] = mapped_column(server_default=false())
    only_here: Mapped[bool] = mapped_column(server_default=false())
    hashtags: Mapped[list[list[Any]]] = mapped_column(JSON)
    length: Mapped[int] = mapped_column(SmallInteger)
    elapsed_ms: Mapped[float] = mapped_column(Double)
    duplicate: Mapped[bool]
    at: Mapped[datetime]
    shown_again: Mapped[int | None] = mapped_column(BigInteger)
    taken_out: Mapped[list["TakenOut"]] = relationship(
        lazy="selectin", order_by="TakenOut.at", viewonly=True
    )

    @property
    def remaining(self) -> list[str]:
        """The hashtags that were not taken out, including those beyond ``length``."""
        out = {one.hashtag for one in self.taken_out}
        return [tag for tag, _ in self.hashtags if tag not in out]

    @property
    def tags(self) -> list[str]:
        """The hashtags that are shown."""
        return self.remaining[: self.length]

    @property
    def named(self) -> tuple[str, ...]:
        """The hashtags that the caption named."""
        return tuple((self.words or "").split())


class Vote(Base):
    """A thumb: ``value`` is 1 or -1."""

    __tablename__ = "votes"

    recommendation_id: Mapped[int] = mapped_column(
        ForeignKey("recommendations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, index=True
    )
    value: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]


class TakenOut(Base):
    """A hashtag that somebody took out of an answer, since it does not fit the photo."""

    __tablename__ = "taken_out"

    recommendation_id: Mapped[int] = mapped_column(
        ForeignKey("recommendations.id", ondelete="CASCADE"), primary_key=True
    )
    hashtag: Mapped[str] = mapped_column(String(HASHTAG_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime]


class Label(Base):
    """A hashtag that somebody gave a photo; taken back if ``removed_at`` is set.

    Attributes:
        user_id: who gave it.
        hashtag, key: as it was written, and the key that its spellings share.
        album: given to several photos at once, so it may not be true of each.
        likely: the model found it likely by itself.
        learnt_in: the version of the bundle that learnt it.
        tried_at: when a fine-tuning last learnt from it in vain: it failed, or its version was not
            promoted or was rolled back.
    """

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("user_id", "photo_id", "key"),
        Index(None, "user_id", "at"),
        Index(None, "key", "user_id"),
        Index(None, "learnt_in", "tried_at", "removed_at"),
        KEEP_COUNTING,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), index=True)
    hashtag: Mapped[str] = mapped_column(String(HASHTAG_LENGTH))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    album: Mapped[bool] = mapped_column(server_default=false())
    likely: Mapped[bool] = mapped_column(server_default=false())
    at: Mapped[datetime]
    learnt_in: Mapped[str | None] = mapped_column(String(128))
    tried_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


IN_USE = Label.removed_at.is_(None)
"""SQL: a label was not taken back."""


class LabelDecision(Base):
    """An admin's decision on a hashtag of a photo: ``approved`` for everybody, or ``rejected``."""

    __tablename__ = "label_decisions"

    photo_id: Mapped[int] = mapped_column(
        ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, index=True)
    decided_at: Mapped[datetime]


class BlockedWord(Base):
    """A word or pattern that admins block; if ``allowed``, a shipped one that they allow."""

    __tablename__ = "blocked_words"

    word: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    allowed: Mapped[bool] = mapped_column(server_default=false())
    added_by: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


class VersionNews(Base):
    """An event of a version of the bundle, to be announced to admins once.

    Attributes:
        model: the version; if a fine-tuning made none, the one that stays in use.
        event: ``promoted``, ``rejected``, ``rolled_back`` or ``failed``.
        details: what ``storage.version_news`` says of the event.
        announced_at: when a bot took it to tell admins.
    """

    __tablename__ = "version_news"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    model: Mapped[str] = mapped_column(String(128))
    event: Mapped[str] = mapped_column(String(16))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    announced_at: Mapped[datetime | None] = mapped_column(index=True)
