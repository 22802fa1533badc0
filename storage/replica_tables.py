"""The tables by which processes on one database share work; a single process leaves them empty.

``migrations/versions`` builds the same ones, step by step.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import KEEP_COUNTING, Base, RowId


class Replica(Base):
    """A process that answers; it counts as dead once its lease is over."""

    __tablename__ = "replicas"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime]


class ChatAtWork(Base):
    """A chat and the replica that handles its updates, for as long as the two leases last.

    ``chat`` is not called ``chat_id``, so that it stays when a group becomes a supergroup.
    """

    __tablename__ = "chats_at_work"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    replica: Mapped[int] = mapped_column(BigInteger, index=True)
    until: Mapped[datetime] = mapped_column(index=True)


class Change(Base):
    """A change by one replica to what others hold in memory.

    Attributes:
        replica: which made it.
        kind, numbers: what was changed; see ``storage.changes``.
    """

    __tablename__ = "changes"
    __table_args__ = (Index(None, "at"), KEEP_COUNTING)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    replica: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    numbers: Mapped[list[Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class RateBucket(Base):
    """How much a person or chat may still send just now; see ``bot.chat.rate_limits``.

    Attributes:
        clock: the name of the clock that ``at`` is by.
        room: what is left in the bucket.
        at: seconds by that clock.
        warned: whether they were told that they send too fast.
        verdict: on the last that they sent.
    """

    __tablename__ = "rate_buckets"

    clock: Mapped[str] = mapped_column(String(16), primary_key=True)
    who: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    room: Mapped[float] = mapped_column(Double)
    at: Mapped[float] = mapped_column(Double, index=True)
    warned: Mapped[bool]
    verdict: Mapped[str] = mapped_column(String(16))
