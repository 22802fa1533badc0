"""Buttons tapped before all of somebody's is deleted, and handled after it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.chat.services import Services
from bot.chat.texts import ENGLISH
from storage.tables import Recommendation, TakenOut, Vote
from tests.bot.conversation import GROUP, answer, edited, reply
from tests.bot.running import Running
from tests.colours import jpeg
from tests.person import SECONDS, Message, Person

EVE = 4242


async def forget(eve: Person, question: Message) -> None:
    assert "Nothing about you" in (await edited(eve, question, "Yes"))["text"]


async def stored(bot: Running) -> list[object]:
    """What is stored under Eve's number."""
    columns = Vote.user_id, TakenOut.user_id, Recommendation.chat_id
    async with bot.database.reading() as session:
        return [
            row for column in columns for row in await session.scalars(select(column)) if row == EVE
        ]


@pytest.mark.parametrize("label", ["👍", "✕ #red2"])
async def test_a_tap_in_a_group_leaves_nothing_of_who_was_forgotten(
    bot: Running, label: str
) -> None:
    bob = await bot.person(**GROUP | {"user": 1_002, "name": "Bob"})
    in_group = await bot.person(**GROUP | {"user": EVE, "name": "Eve"})
    eve = await bot.person(chat=EVE, name="Eve")
    question = await reply(eve, "/forget")
    await bob.send_photo(jpeg("red", 7), caption="/tags")
    opened = await edited(in_group, await in_group.wait_reply(), "✎")
    async with bot.services.chat_locks.of(GROUP["chat"]):
        tap = await in_group.press(opened, label)
        await forget(eve, question)
    assert (await in_group.wait_callback(tap))["text"] == ENGLISH.button_stale
    assert await stored(bot) == []


@pytest.mark.parametrize("anothers_too", [True, False])
@pytest.mark.parametrize("label", ["w2v", "More", "✕ #red2"])
async def test_nor_does_one_in_private_that_waits_for_hashtags(
    bot: Running,
    label: str,
    anothers_too: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eve = await bot.person(chat=EVE, name="Eve")
    if anothers_too:
        await answer(await bot.person(chat=1_002, name="Bob"), "red", 7)
    question = await reply(eve, "/forget")
    shown = await answer(eve, "red", 7)
    if label != "More":
        shown = await edited(eve, shown, "✎")
    asked, go_on, in_worker = asyncio.Event(), asyncio.Event(), Services.in_worker

    async def slowly(services: Services, work: Callable[[], Any]) -> Any:
        asked.set()
        await go_on.wait()
        return await in_worker(services, work)

    monkeypatch.setattr(Services, "in_worker", slowly)
    tap = await eve.press(shown, label)
    await asyncio.wait_for(asked.wait(), SECONDS)
    await forget(eve, question)
    go_on.set()
    assert (await eve.wait_callback(tap))["text"] == ENGLISH.button_stale
    assert await stored(bot) == []
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
