"""Collects albums, which Telegram delivers as one message per photo."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from telegram import Message

from bot.chat import updates_at_work
from bot.chat.identity import sender_of
from bot.chat.updates_at_work import UpdatesAtWork
from bot.latest import Latest

QUIET = 0.7
"""Seconds without a further photo after which an album counts as complete."""

MOST = 1_000
"""Albums remembered for late photos and edited captions."""


class Album:
    """The messages of an album, or of a single photo.

    Attributes:
        answer_id: the number of the bot's message that answers it.
    """

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self._messages = {message.message_id: message for message in messages}
        self.new = dict(self._messages)
        self.answer_id: int | None = None
        self.collecting = False
        self._new_updates: list[UpdatesAtWork] = []
        self._turn = asyncio.Lock()
        self._handled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Of the photos that arrived last; cancelled where handling them is."""

    @property
    def messages(self) -> list[Message]:
        """All messages, in order."""
        return sorted(self._messages.values(), key=lambda part: part.message_id)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Held while the album is handled, so that a late photo waits for the earlier ones."""
        handled = self._handled  # a photo that comes meanwhile begins another
        try:
            await self._turn.acquire()
        except asyncio.CancelledError:
            handled.cancel()
            self.cancel()
            raise
        try:
            yield
        except asyncio.CancelledError:
            handled.cancel()
            raise
        finally:
            if not handled.done():
                handled.set_result(None)
            self._turn.release()

    async def done(self) -> None:
        """Waits until the photos that have arrived are handled.

        Raises:
            CancelledError: if that was interrupted, as when the bot stops.
        """
        await asyncio.shield(self._handled)  # others wait for it, too

    def begin(self) -> None:
        """Starts collecting photos."""
        self.collecting = True
        self._handled = asyncio.get_running_loop().create_future()

    def cancel(self) -> None:
        """Drops new photos, and cancels who waits for them: their updates will be read again."""
        self.collecting = False
        self.new, self._new_updates = {}, []
        self._handled.cancel()

    def add(self, message: Message) -> None:
        """Adds a message that has arrived, or was edited while the album was collected."""
        self.change(message)
        self.new[message.message_id] = message
        if (work := updates_at_work.now()) is not None:
            self._new_updates.append(work)

    def change(self, message: Message) -> None:
        """Keeps the edited version of a message."""
        self._messages[message.message_id] = message

    def take_new(self) -> list[Message]:
        """The messages since the last call, in order.

        Their updates are stored as handled together with the current one.
        """
        if (work := updates_at_work.now()) is not None:
            for other in self._new_updates:
                work.take_over(other)
        new, self.new, self._new_updates = self.new, {}, []
        return [new[message_id] for message_id in sorted(new)]


class Albums:
    """Collects the messages of an album."""

    def __init__(self, quiet: float = QUIET) -> None:
        self._quiet = quiet
        self._albums: Latest[tuple[int, str], Album] = Latest(MOST)

    async def whole(self, message: Message) -> Album | None:
        """The complete album, for the caller with its first photo.

        Other callers wait until that one has handled the album, and get None. A photo that arrives
        later gets the same album again; a message without an album is an album of one, at once.
        """
        if message.media_group_id is None:
            return Album([message])
        album = self._of(message)
        album.add(message)
        if album.collecting:
            await album.done()
            return None
        album.begin()
        arrived = 0
        try:
            while len(album.new) > arrived:
                arrived = len(album.new)
                await asyncio.sleep(self._quiet)
        except asyncio.CancelledError:
            album.cancel()
            raise
        album.collecting = False
        return album

    async def edited(self, message: Message) -> list[Message]:
        """All messages of an edited message's album, the edited version included.

        Empty if the album was being collected: it has been handled with that version.
        """
        if message.media_group_id is None:
            return [message]
        album = self._of(message)
        if album.collecting:
            album.add(message)
            await album.done()
            return []
        album.change(message)
        return album.messages

    def forget(self, user_id: int) -> None:
        """Forgets what this user sent."""
        for key, album in list(self._albums.items()):
            if any(sender_of(message) == user_id for message in album.messages):
                del self._albums[key]

    def _of(self, message: Message) -> Album:
        assert message.media_group_id is not None
        return self._albums.setdefault((message.chat_id, message.media_group_id), Album())
