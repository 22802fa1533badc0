"""Who has all of theirs deleted leaves nothing: not in the files, not in the engine at work."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.bot.conversation import (
    GROUP,
    answer,
    answer_hashtags,
    edited,
    hashtags,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running
from tests.bot.storage_failures import deletion_breaks_off
from tests.colours import jpeg
from tests.person import Person

NUMBER = 0x5A5A_1234_CAFE
"""Of a person; SQLite writes it as these six bytes."""
HASHTAG, RARE = "zyzzyvas", "xertzed"


def written(folder: Path) -> bytes:
    """All that the database's files hold, and what those beside it are called."""
    paths = [*folder.glob("bot.db*"), *folder.glob("bot.db-receipts/*")]
    return b"".join(
        path.name.encode() + (path.read_bytes() if path.is_file() else b"") for path in paths
    )


async def forget(person: Person) -> None:
    assert (
        "Nothing about you" in (await edited(person, await reply(person, "/forget"), "Yes"))["text"]
    )


async def test_nothing_of_theirs_is_left_in_the_files_or_in_the_engine(
    bot: Running, ann: Person, folder_in_memory: Path
) -> None:
    eve = await bot.person(chat=NUMBER, name="Eve")
    in_group = await bot.person(**GROUP | {"user": NUMBER, "name": "Eve"})
    photos = [await eve.send_photo(jpeg("red", 7), caption=f"/addtags #{HASHTAG} #{RARE}")]
    await eve.wait_reply()
    photos.append(await in_group.send_photo(jpeg("red", 7), caption=f"/addtags #{HASHTAG}"))
    await in_group.wait_reply()
    await in_group.send_photo(jpeg("red", 8), caption="/tags")
    await in_group.wait_reply()
    await ann.send_photo(jpeg("red", 7, (480, 360)))  # a copy keeps the photo
    await ann.wait_reply()
    admin = await bot.person(chat=77)
    await note(admin, await reply(admin, "/review"), f"✗ #{RARE}")
    await bot.services.learner.finished()
    engine = bot.services.engine
    assert engine.words_in(HASHTAG, NUMBER) == (HASHTAG,)
    sizes = [size["file_unique_id"].encode() for (message,) in photos for size in message["photo"]]
    files = [name for name in sizes if name in written(folder_in_memory)]
    assert files
    theirs = [HASHTAG.encode(), RARE.encode(), NUMBER.to_bytes(6, "big"), *files]
    assert all(one in written(folder_in_memory) for one in theirs)
    await forget(eve)
    assert HASHTAG not in repr(vars(bot.services.captions))
    assert HASHTAG not in engine.hashtags
    assert engine.words_in(HASHTAG, NUMBER) == ()
    assert [
        one for one in [*theirs, str(NUMBER).encode()] if one in written(folder_in_memory)
    ] == []


async def test_a_deletion_that_breaks_off_half_way_is_completed_when_asked_for_again(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = await bot.person(chat=NUMBER, name="Eve")
    await eve.send_photo(jpeg("red", 7), caption=f"/addtags #{HASHTAG}")
    await eve.wait_reply()
    with deletion_breaks_off(monkeypatch):
        assert "cannot save anything" in await reply_text(eve, "/forget yes")
    assert "Nothing about you" in await reply_text(eve, "/forget yes")
    await bot.services.learner.finished()
    assert HASHTAG not in bot.services.engine.hashtags


async def test_a_photo_in_work_while_yes_is_tapped_leaves_nothing(
    bot: Running, folder_in_memory: Path
) -> None:
    computing, go_on = threading.Event(), threading.Event()
    eve = await bot.person(chat=NUMBER, name="Eve")
    question = await reply(eve, "/forget")
    bot.network.before_photo = lambda: (computing.set(), go_on.wait(120))
    await eve.send_photo(jpeg("red", 7))
    await asyncio.to_thread(computing.wait, 20)
    await edited(eve, question, "Yes")
    go_on.set()
    await bot.stop()
    left = written(folder_in_memory)
    assert NUMBER.to_bytes(6, "big") not in left
    assert str(NUMBER).encode() not in left


async def test_a_hashtag_that_somebody_else_teaches_too_stays(bot: Running, ann: Person) -> None:
    eve = await bot.person(chat=NUMBER, name="Eve")
    for person in (eve, ann):
        await person.send_photo(jpeg("red", 7), caption=f"/addtags #{HASHTAG}")
        await person.wait_reply()
    await forget(eve)
    await bot.services.learner.finished()
    assert HASHTAG in bot.services.engine.hashtags
    assert bot.services.engine.words_in(HASHTAG, 1_000) == (HASHTAG,)


async def test_a_hashtag_that_the_model_knows_stays_in_strangers_answers(
    bot: Running, ann: Person
) -> None:
    opened = await edited(ann, await answer(ann, "blue"), "✎")
    without_blue2 = hashtags(await edited(ann, opened, "✕ #blue2"))
    eve = await bot.person(chat=NUMBER, name="Eve")
    await eve.send_photo(jpeg("red"), caption="/addtags #blue1 #blue2")
    await eve.wait_reply()
    admin = await bot.person(chat=77)
    await note(admin, await reply(admin, "/review"), "✓ all 2")
    await forget(eve)
    assert await answer_hashtags(ann, "blue") == without_blue2
