"""Which updates are being handled, for those who store what comes of them."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from storage import inbox


class HandledElsewhere(asyncio.CancelledError):
    """Whoever handles an update ends, since another process has handled it."""


@dataclass
class UpdatesAtWork:
    """The updates that one handler is at, until they are stored as handled."""

    bot_id: int
    update_ids: list[int]

    def take_over(self, other: "UpdatesAtWork") -> None:
        """What the other is at is this handler's affair from here on."""
        if other is not self:
            self.update_ids += other.update_ids
            other.update_ids = []


_at_work: ContextVar[UpdatesAtWork | None] = ContextVar("updates at work", default=None)


def begin(work: UpdatesAtWork) -> None:
    """From here on these are handled, in this task and in those that it makes."""
    _at_work.set(work)


def now() -> UpdatesAtWork | None:
    """The updates that are being handled here, if any are."""
    return _at_work.get()


async def done_with(session: AsyncSession) -> None:
    """What the session stores is the last that was to be done for the updates.

    So they are not handled a second time, whatever happens after the session; and not forgotten,
    should it fail.

    Raises:
        HandledElsewhere: where another process has handled one, so that this must come to nothing.
    """
    work = _at_work.get()
    if work is not None and work.update_ids:
        done = list(work.update_ids)
        if len(await inbox.handled(session, work.bot_id, done)) < len(done):
            raise HandledElsewhere

        def committed(_: object) -> None:
            work.update_ids = [one for one in work.update_ids if one not in done]

        event.listen(session.sync_session, "after_commit", committed)
