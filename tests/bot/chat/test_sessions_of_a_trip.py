"""A photo's trip asks little of the database."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from colours import jpeg
from running import Running

from tests.person import Person


@pytest.fixture
def sessions(bot: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How many sessions were opened, by what they are for."""
    opened: Counter[str] = Counter()

    def counted(name: str) -> Any:
        open_session = getattr(bot.database, name)

        @asynccontextmanager
        async def session() -> AsyncIterator[Any]:
            opened[name] += 1
            context: AbstractAsyncContextManager[Any] = open_session()
            async with context as one:
                yield one

        return session

    for name in ("reading", "session"):
        monkeypatch.setattr(bot.database, name, counted(name))
    yield opened


async def test_a_new_photo_reads_once_and_writes_once_before_the_reply_and_once_after(
    bot: Running, ann: Person, sessions: Counter[str]
) -> None:
    await ann.send_photo(jpeg("red"))
    reply = await ann.wait_reply()
    await bot.services.chat_locks.wait(reply["chat"]["id"])
    assert sessions == {"reading": 1, "session": 2}


async def test_a_known_file_needs_no_more(
    bot: Running, ann: Person, sessions: Counter[str]
) -> None:
    await ann.send_photo(jpeg("red"))
    reply = await ann.wait_reply()
    await bot.services.chat_locks.wait(reply["chat"]["id"])
    sessions.clear()
    await ann.send_photo(jpeg("red"))
    reply = await ann.wait_reply()
    await bot.services.chat_locks.wait(reply["chat"]["id"])
    assert sessions == {"reading": 1, "session": 2}
