"""Many people who send photos, without a page each, and what Telegram notes of their answers."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from bot.local.files import FileStore
from bot.local.server import LocalServer
from bot.local.state import Chat, User
from tests.colours import COLOURS, jpeg

_FIRST = 10_000
_FILE_BYTES = 2**30
_MAKING_AT_ONCE = 4

Photo = list[dict[str, Any]]
"""All sizes of one, as the Bot API has them."""


class Crowd:
    """People in private chats, and in groups where they ask for hashtags by a caption.

    Args:
        groups: so many of the ``chats`` are groups.

    Attributes:
        sent: messages with photos, in order: chat and number.
        answers: how many answers each of them got.
        messages: by chat, when the bot's messages came, in seconds of a steady clock.
    """

    def __init__(self, server: LocalServer, chats: int, groups: int = 0) -> None:
        self._state = server.state
        self._state.files = FileStore(_FILE_BYTES)
        self._chats: list[tuple[Chat, User]] = []
        self._command = f"/tags@{server.state.bot['username']}"
        for number in range(chats):
            person = _FIRST + number
            chat = self._state.open_chat(person if number >= groups else -person)
            user = {"id": person, "is_bot": False, "first_name": "One", "language_code": "en"}
            chat.members[person] = user
            self._chats.append((chat, user))
        self.sent: list[tuple[int, int]] = []
        self.answers: Counter[tuple[int, int]] = Counter()
        self.messages: Mapping[int, list[float]] = defaultdict(list)

    async def photos(self, count: int) -> list[Photo]:
        """Makes different photos."""
        making = asyncio.Semaphore(_MAKING_AT_ONCE)

        async def made(number: int) -> Photo:
            async with making:
                colour = sorted(COLOURS)[number % len(COLOURS)]
                data = await asyncio.to_thread(jpeg, colour, number, (320, 240))
                return await self._state.files.add_photo(data)

        return list(await asyncio.gather(*map(made, range(count))))

    def send(self, photo: Photo) -> None:
        """The next in turn sends a photo."""
        chat, user = self._chats[len(self.sent) % len(self._chats)]
        fields: dict[str, Any] = {"photo": photo}
        if chat.is_group:
            end = {"offset": 0, "length": len(self._command), "type": "bot_command"}
            fields |= {"caption": self._command, "caption_entities": [end]}
        message = self._state.post(chat, user, fields)
        self.sent.append((chat.id, message["message_id"]))
        self._state.updates.add("message", message)

    @property
    def unanswered(self) -> int:
        return sum(not self.answers[one] for one in self.sent)

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[None]:
        """Notes the bot's messages meanwhile, each when the server has it."""
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(self._listen(*one)) for one in self._chats]
            await asyncio.sleep(0)  # until all do
            yield
            for task in listening:
                task.cancel()

    async def _listen(self, chat: Chat, user: User) -> None:
        queue = chat.listeners.subscribe(user["id"])
        while (event := await queue.get()) is not None:
            name, message = event
            if name == "message" and message["from"]["is_bot"]:
                self.messages[chat.id].append(monotonic())
                if "reply_markup" in message and "reply_to_message" in message:
                    self.answers[chat.id, message["reply_to_message"]["message_id"]] += 1


def most_within(seconds: float, moments: list[float]) -> int:
    """The most of some moments, in order, within so many seconds wherever these begin."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
