"""Which updates the current task handles, to mark them as handled together with their results."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from storage import StorageError, inbox


class HandledElsewhere(asyncio.CancelledError):
    """Ends the handling of an update that another process has handled."""


@dataclass
class UpdatesAtWork:
    """The updates that one handler works on, until they are stored as handled.

    Attributes:
        chat_id: the chat of all of them, if any.
        can_wait: whether they may be put off while the database is away or busy.
        are_put_off: whether they are to be handled again, from the beginning.
        again: whether they were put off before.
    """

    bot_id: int
    update_ids: list[int]
    chat_id: int | None = None
    can_wait: bool = False
    are_put_off: bool = False
    again: bool = False

    def take_over(self, other: "UpdatesAtWork") -> None:
        """Makes this handler responsible for another's updates."""
        if other is not self:
            self.update_ids += other.update_ids
            other.update_ids = []


_at_work: ContextVar[UpdatesAtWork | None] = ContextVar("updates at work", default=None)


def begin(work: UpdatesAtWork) -> None:
    """Sets the updates of this task and of the tasks that it starts."""
    _at_work.set(work)


def now() -> UpdatesAtWork | None:
    """The updates that this task handles, if any."""
    return _at_work.get()


def again() -> bool:
    """Whether the task's updates were put off before, so that they have counted already."""
    work = _at_work.get()
    return work is not None and work.again


def are_done() -> bool:
    """Whether the task's updates are stored as handled, and their last result with them."""
    work = _at_work.get()
    return work is not None and not work.update_ids


def put_off(error: BaseException | None) -> bool:
    """Puts the task's updates off, if they can wait for the database that raised the error.

    Then nobody is told of the error.
    """
    work = _at_work.get()
    if work is None or not work.can_wait or not work.update_ids:
        return False
    if not (isinstance(error, StorageError) and error.passes):
        return False
    work.are_put_off = True
    return True


async def done_with(session: AsyncSession) -> None:
    """Marks the task's updates as handled, in the transaction that stores their last result.

    So they are not handled twice if the process dies afterwards, nor lost if the session fails.

    Raises:
        HandledElsewhere: if another process has handled one; nothing may be stored then.
    """
    work = _at_work.get()
    if work is not None and work.update_ids:
        update_ids = list(work.update_ids)
        if len(await inbox.handled(session, work.bot_id, update_ids)) < len(update_ids):
            raise HandledElsewhere

        def committed(_: object) -> None:
            work.update_ids = [one for one in work.update_ids if one not in update_ids]

        event.listen(session.sync_session, "after_commit", committed)
