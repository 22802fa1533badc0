"""A photo's trip asks little of the database."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from storage.database import Database
from tests.bot.conversation import answer
from tests.bot.running import Running
from tests.person import Person


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many sessions were opened, by what they are for."""
    opened: Counter[str] = Counter()

    def count(name: str) -> None:
        open_session = getattr(Database, name)

        @asynccontextmanager
        async def counted(database: Database) -> AsyncIterator[Any]:
            opened[name] += 1
            async with open_session(database) as session:
                yield session

        monkeypatch.setattr(Database, name, counted)

    count("reading")
    count("session")
    return opened


async def photo_is_answered(bot: Running, person: Person) -> None:
    """Also what is stored after the reply is stored."""
    message = await answer(person, "red")
    await bot.services.chat_locks.wait(message["chat"]["id"])


async def test_a_new_photo_reads_once_and_writes_once_before_the_reply_and_once_after(
    bot: Running, ann: Person, sessions: Counter[str]
) -> None:
    sessions.clear()
    await photo_is_answered(bot, ann)
    # The first stores the update itself.
    assert sessions == {"reading": 1, "session": 3}


async def test_a_known_file_needs_no_more(
    bot: Running, ann: Person, sessions: Counter[str]
) -> None:
    await photo_is_answered(bot, ann)
    sessions.clear()
    await photo_is_answered(bot, ann)
    # The first stores the update itself.
    assert sessions == {"reading": 1, "session": 3}
