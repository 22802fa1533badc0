"""A Telegram under load: the local Bot API server, and people who send photos at a fixed rate.

It runs in its own process, so that its CPU time is not counted as the bot's, and talks to ``load``
in lines of JSON. Photos are made in all of Telegram's sizes before the clock starts; people do not
wait for answers.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from bot.benchmark.sample_photos import NoPhotosError, sample
from bot.local.files import FileStore
from bot.local.refusals import CannotSendError
from bot.local.server import LocalServer
from bot.local.state import Chat, Message, User

SIZE = (800, 600)
"""Of a generated photo: the bot fetches no larger one."""

PATIENCE = 30.0
"""Seconds to wait for answers after the last photo."""

_FIRST_PERSON = 1_000
_MAKING_AT_ONCE = 2
_FILE_BYTES = 16 * 2**30


class Crowd:
    """People in private chats who send photos in turn, and the times of the answers."""

    def __init__(self, server: LocalServer, count: int) -> None:
        self._state = server.state
        self._chats: list[tuple[Chat, User]] = []
        for number in range(count):
            chat = self._state.open_chat(_FIRST_PERSON + number)
            user = {"id": chat.id, "is_bot": False, "first_name": f"Person {number}"}
            chat.members[chat.id] = user | {"language_code": "en"}
            self._chats.append((chat, chat.members[chat.id]))
        self._sent_at: dict[tuple[int, int], float] = {}
        self._all_answered = asyncio.Event()
        self.seconds: list[float] = []
        self.late: list[float] = []

    async def send(self, photos: Sequence[list[dict[str, Any]]], rate: float) -> None:
        """Sends photos on schedule, ``rate`` a second."""
        started = perf_counter()
        for number, photo in enumerate(photos):
            due = started + number / rate
            await asyncio.sleep(max(due - perf_counter(), 0))
            chat, user = self._chats[number % len(self._chats)]
            message = self._state.post(chat, user, {"photo": photo})
            now = perf_counter()
            self._sent_at[chat.id, message["message_id"]] = now
            self.late.append(now - due)
            self._state.updates.add("message", message)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Records the times of answers during the block, as they reach the server."""
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(self._listen(chat)) for chat, _ in self._chats]
            await asyncio.sleep(0)  # lets all of them subscribe
            yield
            for task in listening:
                task.cancel()

    async def _listen(self, chat: Chat) -> None:
        queue = chat.listeners.subscribe(chat.id)
        while (event := await queue.get()) is not None:
            name, message = event
            if name == "message" and message["from"]["is_bot"]:
                self._answered(chat, message)

    def _answered(self, chat: Chat, message: Message) -> None:
        # An answer has buttons; the message that many photos are waiting has none.
        photo = message.get("reply_to_message", {}).get("message_id")
        sent_at = self._sent_at.get((chat.id, photo))
        if sent_at is not None and "reply_markup" in message:
            del self._sent_at[chat.id, photo]
            self.seconds.append(perf_counter() - sent_at)
            if not self._sent_at:
                self._all_answered.set()

    async def wait(self, seconds: float = PATIENCE) -> None:
        """Waits until every photo is answered, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._sent_at:
                    self._all_answered.clear()
                    await self._all_answered.wait()


async def serve(token: str, folder: Path | None, count: int, people: int, rate: float) -> None:
    """Prints its URL, makes the photos, and sends them after a line on stdin."""
    server = LocalServer(token)
    server.state.files = FileStore(_FILE_BYTES)
    await server.start(port=0)
    try:
        _print_line(url=server.url)
        photos = await _photos(server, folder, count)
        different = len({photo[-1]["file_unique_id"] for photo in photos})
        _print_line(photos=different)
        if not await asyncio.to_thread(sys.stdin.readline):
            return  # the parent process is gone
        crowd = Crowd(server, people)
        async with crowd.listening():
            await crowd.send(photos, rate)
            _print_line(sent=len(photos))
            await crowd.wait()
        _print_line(seconds=crowd.seconds, late=crowd.late)
        await asyncio.to_thread(sys.stdin.readline)  # until the bot has stopped
    finally:
        await server.stop()


async def _photos(
    server: LocalServer, folder: Path | None, count: int
) -> list[list[dict[str, Any]]]:
    """Each photo in all sizes, as in a message."""
    photos: list[list[dict[str, Any]]] = []
    data = sample(folder, count, SIZE)
    while batch := await asyncio.to_thread(lambda: list(islice(data, _MAKING_AT_ONCE))):
        photos += await asyncio.gather(*(server.state.files.add_photo(one) for one in batch))
        _print_line(made=len(photos))
    return photos


def _print_line(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def main(arguments: Sequence[str]) -> None:
    """``TOKEN FOLDER COUNT PEOPLE RATE``; no folder is ``-``."""
    token, folder, count, people, rate = arguments
    try:
        asyncio.run(
            serve(
                token, None if folder == "-" else Path(folder), int(count), int(people), float(rate)
            )
        )
    except (NoPhotosError, CannotSendError) as error:
        _print_line(error=str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
