"""Teaching in the chat, with the real engine: what is taught is recommended at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from bot.run import serve
from bot.settings import Settings
from storage import Database
from storage.tables import PhotoFeatures
from tests.bot.conversation import BOB_IN_GROUP, GROUP, edited, hashtags, reply, reply_text
from tests.bot.running import Running
from tests.bot.storage_failures import labels_cannot_be_read
from tests.colours import colour_engine, encoded, picture
from tests.dusk import dusk
from tests.person import SECONDS, Person
from tests.waiting import until


@pytest.fixture(autouse=True)
def the_starter_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """The bot as ``tag4pic run`` starts it; gives a way to meet people."""
    ready, stop = asyncio.get_running_loop().create_future(), asyncio.Event()

    def say(line: str) -> None:
        if "The chat is at" in line:
            ready.set_result(line.split()[4])

    task = asyncio.create_task(serve(settings, 0, say, stop))
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=120)
    if task.done():
        await task
    try:
        async with AsyncExitStack() as people:

            async def person(**who: Any) -> Person:
                return await people.enter_async_context(Person(await ready, **who))

            yield person
    finally:
        stop.set()
        await asyncio.wait_for(task, 120)


def photo(seed: int, side: int = 320) -> Image.Image:
    """A photo of coloured patches, another one for each seed."""
    patches = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((side * 4 // 3, side), Image.Resampling.BICUBIC)


def jpeg(seed: int, side: int = 320, quality: int = 90) -> bytes:
    return encoded(photo(seed, side), quality=quality)


def near_copy(seed: int) -> bytes:
    """What hashes do not find: cropped, brighter, turned a little."""
    image = photo(seed).rotate(3, Image.Resampling.BICUBIC).crop((30, 30, 400, 300))
    return encoded(image.point(lambda level: min(255, round(level * 1.15))), quality=70)


async def answer(person: Person, data: bytes) -> list[str]:
    await person.send_photo(data)
    return hashtags(await person.wait_reply())


async def teach(person: Person, seed: int, tags: str) -> None:
    (sent,) = await person.send_photo(jpeg(seed))
    await person.wait_reply()
    assert "Learnt" in await reply_text(person, f"/addtags {tags}", sent)


@pytest.mark.parametrize("backend", ["als", "both"])
async def test_copies_of_a_taught_photo_get_its_hashtags_at_once_and_after_a_restart(
    settings: Settings, backend: str
) -> None:
    taught = {"#ourcat", "#кошка", "#sunset", "#pizza"}
    async with running(settings) as person:
        ann = await person()
        await reply_text(ann, f"/model {backend}")
        await teach(ann, 1, " ".join(taught))
        for copy in (jpeg(1), jpeg(1, 240, 60), near_copy(1)):
            assert taught <= set(await answer(ann, copy))
    async with running(settings) as person:
        ann = await person()
        for copy in (jpeg(1, 200, 70), near_copy(1)):
            assert taught <= set(await answer(ann, copy))


@pytest.mark.parametrize("backend", ["als", "both"])
async def test_a_photo_of_something_else_keeps_its_answer(settings: Settings, backend: str) -> None:
    async with running(settings) as person:
        ann = await person()
        await reply_text(ann, f"/model {backend}")
        before = await answer(ann, encoded(dusk(), quality=90))
        assert len(before) >= 3
        await teach(ann, 1, "#ourcat #кошка")
        assert {"#ourcat", "#кошка"}.isdisjoint(await answer(ann, encoded(dusk(), quality=90)))
        smaller = await answer(ann, encoded(dusk().resize((300, 225)), quality=90))
        assert len(set(before) & set(smaller)) >= 0.9 * len(before)


async def test_among_pictures_of_a_kind_each_keeps_its_own_hashtags(settings: Settings) -> None:
    async with running(settings) as person:
        ann = await person()
        for seed in range(1, 7):
            await teach(ann, seed, f"#puzzle_{seed}a #puzzle_{seed}b")
        for seed in range(1, 7):
            first = (await answer(ann, jpeg(seed, 250, 60)))[:2]
            assert set(first) == {f"#puzzle_{seed}a", f"#puzzle_{seed}b"}


async def test_a_hashtag_stays_in_its_chat_until_a_second_person_teaches_it_of_a_copy(
    settings: Settings,
) -> None:
    async with running(settings) as person:
        ann, bob, eve = await person(chat=1), await person(chat=2), await person(chat=3)
        await teach(ann, 1, "#ourcat")
        assert "#ourcat" in await answer(ann, jpeg(1, 240, 60))
        assert "#ourcat" not in await answer(bob, near_copy(1))
        await teach(bob, 5, "#ourcat")
        assert "#ourcat" not in await answer(eve, near_copy(1))
        await bob.send_photo(jpeg(1, 240, 60), caption="/addtags #ourcat")
        assert "Learnt" in (await bob.wait_reply())["text"]
        assert "#ourcat" in await answer(bob, jpeg(1, 240, 60))
        assert "#ourcat" in await answer(eve, near_copy(1))


async def test_a_hashtag_is_for_all_once_an_admin_approves_and_for_none_once_blocked(
    settings: Settings,
) -> None:
    async with running(settings) as person:
        ann, bob, admin = await person(chat=1), await person(chat=2), await person(chat=77)
        await teach(ann, 1, "#ourcat")
        await edited(admin, await reply(admin, "/review"), "✓ #ourcat")
        assert "#ourcat" in await answer(bob, near_copy(1))
        assert "Blocked" in await reply_text(admin, "/block ourcat")
        for someone in (ann, bob):
            assert "#ourcat" not in await answer(someone, jpeg(1, 260))


async def test_what_is_taken_back_is_no_longer_recommended(settings: Settings) -> None:
    async with running(settings) as person:
        ann = await person()
        await teach(ann, 1, "#ourcat #sofa")
        await edited(ann, await reply(ann, "/mytags"), "✕ #ourcat")
        hashtags = await answer(ann, jpeg(1, 240, 60))
        assert "#ourcat" not in hashtags and "#sofa" in hashtags


async def test_what_could_not_be_read_when_it_was_taught_is_learnt_a_moment_later(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.learner.AGAIN_AFTER", 0.1)
    await ann.send_photo(encoded(picture()), caption="/tags")
    await ann.wait_reply()
    with labels_cannot_be_read(monkeypatch):
        assert "Learnt" in await reply_text(ann, "/addtags #sofa")
        await bot.services.learner.finished()
    assert "sofa" not in bot.services.engine.hashtags
    await until(lambda: "sofa" in bot.services.engine.hashtags, SECONDS)


async def test_what_another_replica_taught_while_a_version_loads_is_learnt_by_it_too(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, version = bot.services.learner, colour_engine(network=bot.network)
    await ann.send_photo(encoded(picture()), caption="/addtags #lamp")
    await ann.wait_reply()
    loading, go_on, learn = threading.Event(), threading.Event(), version.learn

    def slowly(lessons: Any) -> None:
        loading.set()
        assert go_on.wait(SECONDS)
        learn(lessons)

    monkeypatch.setattr(version, "learn", slowly)
    change = asyncio.create_task(learner.change_to(version))
    await asyncio.to_thread(loading.wait, SECONDS)
    monkeypatch.setattr(learner, "learn_soon", lambda *_, **__: None)  # as if taught elsewhere
    assert "Learnt" in await reply_text(ann, "/addtags #sofa")
    await learner.start()
    go_on.set()
    await change
    assert {"lamp", "sofa"} <= set(bot.services.engine.hashtags)


async def test_what_is_forgotten_is_no_longer_recommended(settings: Settings) -> None:
    async with running(settings) as person:
        ann = await person()
        await teach(ann, 1, "#sofa")
        await edited(ann, await reply(ann, "/forget"), "Yes")
        assert "#sofa" not in await answer(ann, jpeg(1, 250, 60))


async def test_what_two_people_teach_of_one_photo_at_once_is_all_learnt(
    settings: Settings,
) -> None:
    async with running(settings) as person:
        ann, bob = await person(**GROUP), await person(**BOB_IN_GROUP)
        (sent,) = await ann.send_photo(jpeg(1))
        await ann.send_text("/addtags #ourcat", reply_to=sent)
        await bob.send_text("/addtags #sofa", reply_to=sent)
        for _ in range(2):
            assert "Learnt" in (await ann.wait_reply())["text"]
        await ann.send_photo(jpeg(1, 240, 60), caption="/tags")
        assert {"#ourcat", "#sofa"} <= set(hashtags(await ann.wait_reply()))


async def test_photos_taught_before_a_change_of_backbone_are_told_and_learnt_when_they_can_be(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Their features of another backbone are all that is stored; the labels stay."""
    async with running(settings) as person:
        await teach(await person(), 1, "#ourcat")
    database = await Database.open(settings.database_url)
    async with database.session() as session:
        await session.execute(update(PhotoFeatures).values(backbone="mobilenet_v2"))
    await database.close()
    async with running(settings) as person:
        ann = await person()
        assert "Tagged photos seen with another backbone than efficientnet_lite2: 1." in caplog.text
        # Sent again, the photo is known by its hashes, and gets features of the new backbone.
        await answer(ann, jpeg(1, 250))
        for copy in (jpeg(1), jpeg(1, 240, 60), near_copy(1)):
            assert "#ourcat" in await answer(ann, copy)
    async with running(settings) as person:
        assert "#ourcat" in await answer(await person(), near_copy(1))
