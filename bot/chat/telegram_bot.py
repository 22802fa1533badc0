"""The Bot API client."""

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import Message
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.chat.delivery import Attempts

POLL_SECONDS = 10
"""Seconds that Telegram waits for an update before it answers that there is none."""


class TelegramBot(ExtBot[Attempts]):
    """An ``ExtBot`` with methods for raw updates and for the outbox's messages.

    The library parses a batch of updates as a whole: one that it cannot parse would block all later
    ones for ever.
    """

    async def raw_updates(self, offset: int | None, allowed: Sequence[str]) -> list[Any]:
        """The updates from ``offset`` on, as parsed JSON; confirms those before it.

        Raises:
            TelegramError: when Telegram refuses or cannot be reached.
        """
        parameters = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": list(allowed)}
        read_timeout = POLL_SECONDS + (self._request[0].read_timeout or 0)
        updates = await self._post("getUpdates", parameters, read_timeout=read_timeout)
        if not isinstance(updates, list):
            raise TelegramError("no list of updates came")
        return updates

    async def post(self, fields: Mapping[str, Any], attempts: Attempts) -> Message:
        """Sends a message with these fields of ``sendMessage``.

        Raises:
            TelegramError: when Telegram refuses or cannot be reached.
        """
        kwargs = self._merge_api_rl_kwargs({}, attempts)
        message = Message.de_json(
            await self._post("sendMessage", dict(fields), api_kwargs=kwargs), self
        )
        assert message is not None
        return message
