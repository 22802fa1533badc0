"""The tables of the inbox and the outbox: updates that wait, and messages to be sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import KEEP_COUNTING, Base, RowId


class WaitingUpdate(Base):
    """An update that Telegram sent and that is not handled yet.

    Attributes:
        chat_id, user_id: its chat and sender, if it names them.
        content: its JSON.
    """

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("bot_id", "update_id"), KEEP_COUNTING)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    update_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    content: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]


class HandledUpdate(Base):
    """An update that was handled, for as long as Telegram may send it again."""

    __tablename__ = "handled_updates"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)


class OutgoingMessage(Base):
    """A message that is to be sent; its row is deleted once it has arrived.

    Attributes:
        chat_id, thread_id, reply_to: where it goes; the forum's topic and the message that it
            replies to, if any.
        user_id: whom it answers, or the chat that they write as.
        text: HTML.
        keyboard: its buttons, as the Bot API takes them.
        answer_id: the answer that it shows, if it shows one.
        photo_ids: the photos that it is about.
        replica: which process sends it, of several; see ``storage.replicas``.
        unsure: how often it was sent without knowing whether it arrived. Raised before a request
            goes out, lowered once that is known to have failed.
        at: since when it is to be sent.
    """

    __tablename__ = "outbox"
    __table_args__ = (KEEP_COUNTING,)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    text: Mapped[str] = mapped_column(Text)
    keyboard: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("recommendations.id", ondelete="CASCADE"), index=True
    )
    photo_ids: Mapped[list[int]] = mapped_column(JSON)
    replica: Mapped[int | None] = mapped_column(BigInteger, index=True)
    unsure: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
