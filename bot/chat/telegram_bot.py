"""The Bot API client."""

from collections.abc import Mapping, Sequence
from typing import Any

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.chat.delivery import Attempts
from storage.tables import LARGEST_INTEGER

POLL_SECONDS = 10
"""Seconds that Telegram waits for an update before it answers that there is none."""


_ONLY_DONE = frozenset({"sendDocument", "editMessageText", "editMessageCaption"})
"""Methods that return a message which nobody reads."""


class TelegramBot(ExtBot[Attempts]):
    """An ``ExtBot`` with methods for raw updates and for the outbox's messages.

    The library parses a batch of updates as a whole: one that it cannot parse would block all later
    ones for ever. It also parses the whole message that was sent or edited: one that it cannot
    parse would count as a failure though Telegram did as asked. So only what is used is read.
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

    async def post(self, fields: Mapping[str, Any], attempts: Attempts) -> tuple[int, int] | None:
        """Sends a message with these fields of ``sendMessage``.

        Returns:
            Its chat and its number; None if Telegram's response does not say.

        Raises:
            TelegramError: when Telegram refuses or cannot be reached.
        """
        kwargs = self._merge_api_rl_kwargs({}, attempts)
        match await self._post("sendMessage", dict(fields), api_kwargs=kwargs):
            case {"message_id": int(message_id), "chat": {"id": int(chat_id)}}:
                if max(abs(message_id), abs(chat_id)) <= LARGEST_INTEGER:
                    return chat_id, message_id
        return None

    async def _do_post(self, endpoint: str, data: dict[str, Any], **timeouts: Any) -> Any:
        result = await super()._do_post(endpoint, data, **timeouts)
        if endpoint in _ONLY_DONE:
            return True
        if endpoint == "getFile":
            match result:
                case {"file_path": str(path)} if path:
                    return {**data, "file_unique_id": "", "file_path": path}
            raise TelegramError("no address of the file came")
        return result
