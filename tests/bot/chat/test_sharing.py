"""Nobody waits for somebody else: neither for their many photos, nor for their punishment."""

import asyncio
from functools import wraps
from typing import Any

import pytest

from bot.chat.fair_places import EACH, MANY, PLACES
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.state import State
from tests.bot.conversation import GROUP, answer_hashtags, hashtags, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import Refusing
from tests.colours import Pause, jpeg
from tests.person import SECONDS, Person

RETRY_AFTER = RefusalError(429, "Too Many Requests: retry after 1", retry_after=1)


@pytest.fixture
async def group(bot: Running) -> Person:
    return await bot.person(**GROUP)


async def test_a_private_photo_is_answered_while_a_group_must_wait(
    ann: Person, group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, "sendMessage", RETRY_AFTER, -500)
    photos = PLACES + 1  # so few that a slow machine sends no word about many photos
    assert photos < MANY
    for seed in range(photos):
        await group.send_photo(jpeg("red", seed % 3), caption="/tags")
    while not refusing.refused:
        await reply_text(ann, "/help")
    assert hashtags_of_both(await answer_hashtags(ann, "blue"))
    assert group.replies() == []
    refusing.over = True
    assert all([hashtags(await group.wait_reply()) for _ in range(photos)])


def hashtags_of_both(tags: list[str]) -> bool:
    return tags[0] == "#blue1" and len(tags) == 10


async def test_hundreds_of_commands_of_a_group_that_must_wait_hold_up_nobody(
    ann: Person, group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, "sendMessage", RETRY_AFTER, -500)
    for _ in range(300):
        await group.send_text("/count")
    assert (await answer_hashtags(ann, "blue"))[0] == "#blue1"
    assert group.replies() == []
    refusing.over = True
    await group.wait_reply()


async def test_what_a_group_must_wait_for_arrives_in_the_end(
    group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, "sendMessage", RETRY_AFTER, -500)
    for _ in range(4):
        await group.send_text("/help")
    while not refusing.refused:
        await group.send_text("hello")
    refusing.over = True
    for _ in range(4):
        assert "/model" in (await group.wait_reply())["text"]


async def test_messages_that_were_refused_at_once_wait_once_together(
    group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, sent, all_sent = 60, 0, asyncio.Event()
    call = METHODS["sendMessage"]

    @wraps(call)  # its parameters are what the server takes
    async def refusing(state: State, **arguments: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent > messages:
            return await call(state, **arguments)
        if sent == messages:
            all_sent.set()
        await all_sent.wait()
        raise RefusalError(429, "Too Many Requests: retry after 3", retry_after=3)

    monkeypatch.setitem(METHODS, "sendMessage", refusing)  # type: ignore[arg-type]
    for _ in range(messages):
        await group.send_text("/help")
    async with asyncio.timeout(SECONDS):  # one after the other they would need three minutes
        for _ in range(messages):
            await group.wait_reply()


async def test_a_single_photo_is_answered_before_the_many_of_another(
    bot: Running, ann: Person
) -> None:
    bot.network.before_photo = pause = Pause()
    many = await bot.person(chat=2)
    for seed in range(MANY):
        await many.send_photo(jpeg("red", seed, (320, 240)))
    await pause.reached()
    await ann.send_photo(jpeg("blue", 1, (320, 240)))
    await ann.wait_event("action")
    pause.end()
    assert hashtags(await ann.wait_reply())[0] == "#blue1"
    assert len(many.replies()) <= MANY - EACH
    for _ in range(MANY):
        assert hashtags(await many.wait_reply())


async def test_who_sends_very_many_photos_gets_one_kind_word_about_it(
    bot: Running, ann: Person
) -> None:
    bot.network.before_photo = pause = Pause()
    photos = EACH + MANY + 10
    for seed in range(photos):
        await ann.send_photo(jpeg("red", seed % 3))
    await pause.reached()
    word = await ann.wait_reply()
    assert word["text"].startswith("That is a lot of photos at once.")
    pause.end()
    for _ in range(photos):
        assert hashtags(await ann.wait_reply())


async def test_a_photo_is_answered_though_that_word_cannot_be_sent(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.services.photo_places, "becomes_crowd", lambda _: True)
    Refusing(monkeypatch, "sendMessage", RefusalError(400, "Bad Request: no reason"), times=1)
    await ann.send_photo(jpeg("red"))
    assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_what_would_have_to_wait_for_an_hour_is_given_up(
    ann: Person, group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = RefusalError(429, "Too Many Requests: retry after 3600", retry_after=3600)
    refusing = Refusing(monkeypatch, "sendMessage", hour, -500)
    await group.send_text("/help")
    while not refusing.refused:
        await reply_text(ann, "/help")
    refusing.over = True
    assert "10" in await reply_text(group, "/count 10")
    assert len(group.replies()) == 1
