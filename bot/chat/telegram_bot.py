"""The Bot API's methods, and updates as they come."""

from collections.abc import Sequence
from typing import Any

from telegram.error import TelegramError
from telegram.ext import ExtBot

POLL_SECONDS = 10
"""How long Telegram waits for an update before it answers that there is none."""


class TelegramBot(ExtBot[int]):
    """An ``ExtBot`` that also gives updates as they came.

    The library reads a batch of updates as a whole: one that it cannot read would keep all later
    ones away for ever.
    """

    async def raw_updates(self, offset: int | None, allowed: Sequence[str]) -> list[Any]:
        """The updates from ``offset`` on, as JSON; those before it are confirmed.

        Raises:
            TelegramError: when Telegram refuses or cannot be reached.
        """
        wait = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": list(allowed)}
        patience = POLL_SECONDS + (self._request[0].read_timeout or 0)
        updates = await self._post("getUpdates", wait, read_timeout=patience)
        if not isinstance(updates, list):
            raise TelegramError("no list of updates came")
        return updates
