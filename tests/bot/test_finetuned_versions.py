"""A running bot takes up what is promoted, and goes on whatever becomes of the files."""

import asyncio
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.engine import Engine
from storage import (
    StorageError,
    training_labels,
)
from tests.bot.conversation import answer_hashtags, hashtags, reply_text
from tests.bot.versions_in_use import promote, running
from tests.bundles import tiny_bundle
from tests.colours import jpeg
from tests.concepts import BACKBONE
from tests.person import Person
from tests.waiting import until
from training.finetuning.rollback import roll_back


async def test_a_promoted_version_answers_without_a_restart_and_no_photo_is_dropped(
    settings: Settings, mine: Path
) -> None:
    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        photos = 20
        for seed in range(photos):
            await ann.send_photo(jpeg("blue", seed))
            if seed == 5:
                promote(bot.versions, "mine-2")
        await bot.answered_by("mine-2")
        for _ in range(photos):
            assert len(hashtags(await ann.wait_reply())) == 10


async def test_what_people_taught_one_version_is_known_to_the_next_and_after_a_roll_back(
    settings: Settings, mine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.model_updates")
    async with (
        running(settings, mine) as bot,
        Person(bot.page_url) as ann,
        Person(bot.page_url, chat=77) as admin,
    ):
        await answer_hashtags(ann, "red", 1)
        await reply_text(ann, "/addtags #ourcat")
        promote(bot.versions, "mine-2")
        await bot.answered_by("mine-2")
        assert "#ourcat" in await answer_hashtags(ann, "red", 1)
        version, model, _ = await roll_back(bot.versions, bot.database)
        await bot.answered_by("mine-1")
        assert "#ourcat" in await answer_hashtags(ann, "red", 1)
        # The command, the log and the chat call both as their manifests do.
        assert (bot.versions.name(version), model) == ("mine-1", "mine-2")
        await until(lambda: "mine-1 answers from now on." in caplog.text)
        told = await admin.wait_reply()
        assert told["text"] == "mine-2 was rolled back; mine-1 is in use again."


async def test_what_is_taught_while_a_version_is_loaded_is_not_missed(
    settings: Settings, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning, go_on = threading.Event(), threading.Event()
    learn = Engine.learn

    def slowly(engine: Engine, photos: Any) -> None:
        learn(engine, photos)
        if engine.model == "mine-2":
            learning.set()
            go_on.wait(120)

    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        await answer_hashtags(ann, "red", 1)
        monkeypatch.setattr(Engine, "learn", slowly)
        promote(bot.versions, "mine-2")
        await asyncio.to_thread(learning.wait, 60)
        assert "Learnt" in await reply_text(ann, "/addtags #ourcat")
        go_on.set()
        await bot.answered_by("mine-2")
        assert "#ourcat" in await answer_hashtags(ann, "red", 1)


@pytest.mark.parametrize("read", ["lessons", "without_features"])
async def test_a_version_is_taught_and_answers_or_neither_when_a_read_fails(
    settings: Settings, mine: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    failed, works = threading.Event(), getattr(training_labels, read)

    def fails_once(*args: Any, **options: Any) -> Any:
        if failed.is_set():
            return works(*args, **options)
        failed.set()
        raise StorageError("The database is busy.")

    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        await answer_hashtags(ann, "red", 1)
        monkeypatch.setattr(training_labels, read, fails_once)
        promote(bot.versions, "mine-2")
        await until(failed.is_set)
        assert bot.services.engine is bot.services.learner.engine
        # What is taught now is taught to whichever answers.
        assert "Learnt" in await reply_text(ann, "/addtags #ourcat")
        assert "#ourcat" in await answer_hashtags(ann, "red", 1)
        await bot.answered_by("mine-2")
        assert "#ourcat" in await answer_hashtags(ann, "red", 1)


@pytest.mark.parametrize("harm", ["damaged", "gone", "of other weights"])
async def test_a_version_that_cannot_be_loaded_is_told_in_the_log_and_the_old_one_goes_on(
    settings: Settings, mine: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        versions = bot.versions
        ready = tiny_bundle(versions.folder / "mine-2", model="mine-2", w2v=BACKBONE)
        if harm == "damaged":
            (ready / "w2v.safetensors").write_bytes(b"nothing of the kind")
        elif harm == "gone":
            shutil.rmtree(ready)
        else:
            bundle = bundles.load(ready)
            bundle.backbones = dict.fromkeys(bundle.backbones, "0" * 64)
            bundles.save(bundle, ready)
        versions.promote(ready)
        await until(lambda: "mine-1 goes on answering" in caplog.text)
        assert len(await answer_hashtags(ann, "red", 1)) == 10
        assert bot.services.engine.model == "mine-1"
        # The next version is taken up all the same.
        promote(versions, "mine-3")
        await bot.answered_by("mine-3")
        assert caplog.text.count("goes on answering") == 1


async def test_a_bundle_deleted_under_a_running_bot_is_told_once_and_answers_from_memory(
    settings: Settings, mine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        promote(bot.versions, "mine-2")
        await bot.answered_by("mine-2")
        shutil.rmtree(mine.parent / "mine-2")
        await until(lambda: "is gone." in caplog.text)
        shutil.rmtree(mine.parent)
        await asyncio.sleep(0.3)
        assert len(await answer_hashtags(ann, "red", 1)) == 10
        assert bot.services.engine.model == "mine-2"
        assert caplog.text.count("is gone.") == 1
