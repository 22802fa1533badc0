"""Albums: Telegram delivers one message a photo; people mean them as one."""

import asyncio

from telegram import Message

QUIET = 0.7
"""Seconds without a further photo after which an album is taken to be whole."""


class Albums:
    """Collects the messages of an album into one list."""

    def __init__(self, quiet: float = QUIET) -> None:
        self._quiet = quiet
        self._open: dict[tuple[int, str], list[Message]] = {}

    async def whole(self, message: Message) -> list[Message] | None:
        """All messages of the album, in order, for the first that asks; ``None`` for the others.

        A message outside any album is a list of one, at once.
        """
        if message.media_group_id is None:
            return [message]
        album = (message.chat_id, message.media_group_id)
        if album in self._open:
            self._open[album].append(message)
            return None
        messages = self._open[album] = [message]
        arrived = 0
        while len(messages) > arrived:
            arrived = len(messages)
            await asyncio.sleep(self._quiet)
        del self._open[album]
        return sorted(messages, key=lambda part: part.message_id)
