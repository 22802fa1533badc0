"""A photo's trip through the real bot."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.chat import typing_action
from recommenders.engine import Engine
from storage import recommendations, statistics
from tests.bot.conversation import answer, answer_hashtags, hashtags, reply_text
from tests.bot.running import Running
from tests.colours import Pause, colour_bundle, colour_engine, encoded, jpeg, picture
from tests.person import Message, Person


async def duplicates(bot: Running) -> int:
    async with bot.database.reading() as session:
        return (await statistics.collect(session)).duplicates


async def test_a_photo_is_answered_with_ten_hashtags_the_best_five_first(ann: Person) -> None:
    message = await answer(ann, "red")
    assert hashtags(message) == [f"#red{number}" for number in range(1, 11)]
    assert message["text"].startswith("Best five\n#red1 #red2 #red3 #red4 #red5\n")


async def test_an_answer_is_in_reply_to_its_photo(ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    message = await ann.wait_reply()
    assert message["reply_to_message"]["message_id"] == photo["message_id"]


async def test_the_two_blocks_of_an_answer_are_copied_by_a_tap(ann: Person) -> None:
    message = await answer(ann)
    assert len([one for one in message["entities"] if one["type"] == "code"]) == 2


async def test_the_bot_is_seen_typing_where_a_photo_takes_a_while_and_not_for_each(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing_action, "AFTER", 3600.0)
    await answer(ann)
    assert ann.actions() == []
    monkeypatch.setattr(typing_action, "AFTER", 0.0)
    monkeypatch.setattr(typing_action, "REPEAT_AFTER", 3600.0)
    pause = bot.network.before_photo = Pause()
    await ann.send_photo(jpeg("blue"))
    await ann.wait_event("action")
    pause.end()
    assert hashtags(await ann.wait_reply())
    assert await answer_hashtags(ann, "green")
    assert ann.actions() == ["typing"]


async def test_the_same_file_is_not_computed_again(bot: Running, ann: Person) -> None:
    first = await answer_hashtags(ann, "blue", 3)
    assert await answer_hashtags(ann, "blue", 3) == first
    assert bot.network.photos == 1


async def test_a_smaller_copy_gets_the_answer_of_the_photo_that_is_known(
    bot: Running, ann: Person
) -> None:
    original = picture("green", 5)
    await ann.send_photo(encoded(original, quality=95))
    first = hashtags(await ann.wait_reply())
    # Whatever the model would say now, a known photo gets what it got.
    bot.services.learner.engine = colour_engine(colour_bundle(per_colour=2), bot.network)
    await ann.send_photo(encoded(original.resize((426, 320)), quality=60))
    assert hashtags(await ann.wait_reply()) == first
    assert await duplicates(bot) == 1


async def test_another_photo_alike_in_colour_is_no_copy(bot: Running, ann: Person) -> None:
    for seed in (5, 6):
        assert await answer_hashtags(ann, "green", seed)
    assert await duplicates(bot) == 0


async def test_a_hundred_photos_at_once_are_all_answered(ann: Person) -> None:
    photos = await asyncio.gather(
        *(ann.send_photo(jpeg("red", seed, (320, 240))) for seed in range(100))
    )
    answers: list[Message] = []
    while len(answers) < len(photos):
        reply = await ann.wait_reply()
        answers += [reply] if hashtags(reply) else []  # a word about the queue has none
    assert {one["reply_to_message"]["message_id"] for one in answers} == {
        messages[0]["message_id"] for messages in photos
    }
    assert all(len(hashtags(one)) == 10 for one in answers)


async def test_the_bot_stays_responsive_while_a_photo_is_computed(
    bot: Running, ann: Person
) -> None:
    bot.network.before_photo = pause = Pause()
    await ann.send_photo(jpeg())
    await pause.reached()
    assert "/model" in await reply_text(ann, "/help")
    pause.end()
    assert hashtags(await ann.wait_reply())


async def test_a_failure_is_told_once_and_the_next_photo_is_answered(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Engine, "recommend", None)
        assert "went wrong" in (await answer(ann, "red"))["text"]
    assert (await answer_hashtags(ann, "blue", 9))[0] == "#blue1"
    assert len(ann.replies()) == 2


async def test_someone_who_blocked_the_bot_does_not_stop_it(bot: Running, ann: Person) -> None:
    boris = await bot.person(chat=2)
    await reply_text(boris, "/start")
    bot.server.state.chats[2].blocked = True
    await boris.send_photo(jpeg("red", 1))
    assert await answer_hashtags(ann, "red", 2)


async def test_a_photo_that_was_deleted_meanwhile_is_answered_without_a_quote(
    bot: Running, ann: Person
) -> None:
    (photo,) = await ann.send_photo(jpeg("red", 1))
    del bot.server.state.chats[1_000].messages[photo["message_id"]]
    assert hashtags(await ann.wait_reply())


async def test_an_answer_bears_the_time_at_which_its_computing_began(
    bot: Running, ann: Person
) -> None:
    # What is learnt from then on is not in it, so it must not be repeated.
    moments: list[datetime] = []
    bot.network.before_photo = lambda: moments.append(datetime.now(UTC))
    message = await answer(ann, "red")
    await bot.services.chat_locks.wait(message["chat"]["id"])
    async with bot.database.reading() as session:
        stored = await recommendations.last_in_chat(session, message["chat"]["id"])
    assert stored is not None and stored.at <= moments[0]
