"""A photo's trip asks little of the database."""

from typing import Any

import pytest
from sqlalchemy import event

from tests.bot.conversation import answer
from tests.bot.running import Running
from tests.person import Person


@pytest.fixture
def statements(bot: Running) -> list[str]:
    """What the database is asked: the first word of each statement, and the table written to."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        words = statement.split()
        target = {"INSERT": 2, "DELETE": 2, "UPDATE": 1, "BEGIN": 1}.get(words[0])
        if words[0] != "PRAGMA":  # how safely what follows is written
            asked.append(words[0] if target is None else f"{words[0]} {words[target]}")

    event.listen(bot.database.engine.sync_engine, "before_cursor_execute", note)
    return asked


BEFORE_ALL_ELSE = ["BEGIN IMMEDIATE", "SELECT", "SELECT", "INSERT inbox"]

AND_THE_REPLY = [
    # From here on the update is handled: the reply is sent whatever happens.
    *("INSERT users", "INSERT outbox", "DELETE inbox", "INSERT handled_updates"),
    *("BEGIN IMMEDIATE", "DELETE outbox", "UPDATE recommendations", "INSERT sightings"),
]


async def photo_is_answered(bot: Running, person: Person) -> None:
    """Also what is stored after the reply is stored."""
    message = await answer(person, "red")
    await bot.services.chat_locks.wait(message["chat"]["id"])


async def test_a_new_photo_reads_once_and_writes_once_before_the_reply_and_once_after(
    bot: Running, ann: Person, statements: list[str]
) -> None:
    statements.clear()
    await photo_is_answered(bot, ann)
    assert statements == [
        *BEFORE_ALL_ELSE,
        *["BEGIN DEFERRED", "SELECT"],
        # In the transaction that stores it, whether it is a copy: nobody stores another meanwhile.
        *["BEGIN IMMEDIATE", "SELECT", "INSERT photos", "INSERT photo_files"],
        *["INSERT cropped_photos", "INSERT photo_features"],
        *["INSERT sightings", "INSERT recommendations"],
        *AND_THE_REPLY,
    ]


async def test_a_known_file_costs_a_query_and_what_its_chat_got_and_did_not_want(
    bot: Running, ann: Person, statements: list[str]
) -> None:
    await photo_is_answered(bot, ann)
    computed = bot.network.photos
    statements.clear()
    await photo_is_answered(bot, ann)
    assert statements == [
        *BEFORE_ALL_ELSE,
        *["BEGIN DEFERRED", "SELECT", "SELECT", "SELECT"],
        *["BEGIN IMMEDIATE", "INSERT sightings", "INSERT recommendations"],
        *AND_THE_REPLY,
    ]
    assert bot.network.photos == computed
