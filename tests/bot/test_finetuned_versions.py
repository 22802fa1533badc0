"""A running bot takes up what is promoted, and goes on whatever becomes of the files."""

import asyncio
import logging
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.chat.application import build
from bot.chat.learner import Learner
from bot.chat.services import Services
from bot.learning_status import next_night
from bot.local.server import LocalServer
from bot.model_updates import kept_current
from bot.receiving import polling
from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.copies import Hashes
from recommenders.engine import Engine
from recommenders.versions import Versions
from storage import (
    Database,
    StorageError,
    blocklist,
    known_photos,
    labels,
    training_labels,
    users,
    version_news,
)
from tests.bot.conversation import answer_hashtags, hashtags, reply_text
from tests.bot.running import TOKEN
from tests.bundles import tiny_bundle
from tests.colours import jpeg
from tests.concepts import BACKBONE, UNKNOWN, features_of, hashtags_of
from tests.person import Person
from training.finetuning.from_database import roll_back


@dataclass
class Running:
    services: Services
    database: Database
    versions: Versions
    page_url: str

    async def answered_by(self, model: str) -> None:
        await until(lambda: self.services.engine.model == model)


async def until(so: Callable[[], bool], seconds: float = 600) -> None:
    async with asyncio.timeout(seconds):
        while not so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(settings: Settings, path: Path) -> AsyncIterator[Running]:
    database = await Database.open(settings.database_url)
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    engine = Engine.load(path)
    learner = Learner(engine, database)
    await learner.start()
    settings = settings.model_copy(update={"model_dir": path})
    application = build(settings, engine, database, learner=learner, token=TOKEN, api_url=url)
    services = application.bot_data["services"]
    versions = Versions.of(path)
    async with (
        polling(application),
        kept_current(application, versions, check_every=0.05, count_every=0.2),
    ):
        yield Running(services, database, versions, server.page_url)
    await server.stop()
    await database.close()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "models" / "mine", model="mine-1", w2v=BACKBONE)


def promote(versions: Versions, name: str) -> Path:
    """Another version, with a hashtag of its own."""
    bundle = bundles.load(tiny_bundle(versions.folder / name, model=name, w2v=BACKBONE, seed=3))
    bundle.hashtags[0] = f"of_{name.replace('-', '_')}"
    bundle.provenance["fine_tuned_from"] = "mine-1"
    bundles.save(bundle, versions.folder / name)
    versions.promote(versions.folder / name)
    return versions.folder / name


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


async def teach(
    database: Database, count: int, *, users: Sequence[int] = (1, 2), seed: int = 0
) -> None:
    """Photos, the same for a seed, tagged with the unknown concept's hashtags by each user."""
    draw = np.random.default_rng(seed)
    async with database.session() as session:
        for number, row in enumerate(features_of(UNKNOWN, count, seed=7)):
            bits = Hashes(int(draw.integers(2**63)), int.from_bytes(draw.bytes(32)))
            photo = await known_photos.remember(
                session,
                hashes=bits,
                features={BACKBONE: row},
                file_unique_id=f"{seed}-{number}",
            )
            for user in users:
                await labels.add(
                    session,
                    person=user,
                    chat_id=user,
                    photo_id=photo,
                    hashtags={tag: tag for tag in hashtags_of(UNKNOWN)},
                    blocklist=blocklist.in_force({}),
                )


PROMOTED = {
    "outcome": "learnt",
    "photos": 22,
    "before": {"labels": 0.12, "replay": 0.7},
    "after": {"labels": 0.86, "replay": 0.703},
}
REJECTED = PROMOTED | {"outcome": "forgets", "after": {"labels": 0.86, "replay": 0.5}}


async def note(database: Database, model: str, event: Any, details: dict[str, Any]) -> None:
    """What ``tag4pic train finetune`` notes, whoever runs it."""
    async with database.session() as session:
        await version_news.add(session, model, event, details)


async def test_admins_are_told_of_each_version_once_and_in_their_language(
    settings: Settings, mine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # 76 never wrote to the bot, so nothing can be sent there.
    settings = settings.model_copy(update={"admin_ids": frozenset({76, 77, 78})})
    async with (
        running(settings, mine) as bot,
        Person(bot.page_url, chat=77) as ann,
        Person(bot.page_url, chat=78, language="ru") as olga,
    ):
        await reply_text(ann, "/stats")
        await reply_text(olga, "/stats")
        await eventually(lambda: languages_are(bot.database, {77: "en", 78: "ru"}))
        await note(bot.database, "mine-2", "promoted", PROMOTED)
        text = (await ann.wait_reply())["text"].replace("\xa0", " ")
        assert text.splitlines() == [
            "mine-2 was put in use. It has learnt from 22 photos that people tagged.",
            "This bot answers with mine-1 all the same; its log says why.",
            "On tagged photos that it had not seen it finds 86 % of the hashtags (before: 12 %), "
            "on photos known before 70.3 % (before: 70.0 %).",
        ]
        assert "Включена версия mine-2" in (await olga.wait_reply())["text"]
        await until(lambda: "Admin 76 was not told of mine-2" in caplog.text)
    async with running(settings, mine) as bot, Person(bot.page_url, chat=77) as ann:
        await note(bot.database, "mine-3", "rejected", REJECTED)
        assert (await ann.wait_reply())["text"].startswith(
            "mine-3 was not put in use: it forgets too much of what was known before. mine-1 goes "
        )
        assert len(ann.replies()) == 1


async def test_without_admins_nothing_is_told_then_or_later(settings: Settings, mine: Path) -> None:
    nobody = settings.model_copy(update={"admin_ids": frozenset()})
    async with running(nobody, mine) as bot:
        await note(bot.database, "mine-2", "promoted", PROMOTED)
        await eventually(lambda: nothing_to_tell(bot.database))
    async with running(settings, mine) as bot, Person(bot.page_url, chat=77) as admin:
        await note(bot.database, "mine-3", "rolled_back", {"to": "mine-1"})
        assert (await admin.wait_reply())["text"].startswith("mine-3 was rolled back")


async def eventually(so: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def languages_are(database: Database, languages: dict[int, str]) -> bool:
    async with database.reading() as session:
        return await users.languages(session, languages) == languages


async def nothing_to_tell(database: Database) -> bool:
    async with database.reading() as session:
        return not await version_news.waits(session)


def pretend(monkeypatch: pytest.MonkeyPatch, path: Path, script: str) -> None:
    """A fine-tuning that is a shell script: what becomes of its process is all that counts."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))


async def test_labels_count_once_they_can_be_learnt_and_not_again_when_that_failed(
    settings: Settings,
    mine: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, tmp_path / "killed", "echo loading >&2; echo '<full>' >&2; kill -9 $$")
    caplog.set_level(logging.INFO, "bot.model_updates")
    settings = settings.model_copy(update={"finetune_every": 54})
    async with running(settings, mine) as bot, Person(bot.page_url, chat=77) as admin:
        # Twice as many as enough, but one person's, and then enough on too few photos.
        await teach(bot.database, 36, users=[1])
        await teach(bot.database, 7, users=range(2, 8), seed=1)
        await asyncio.sleep(0.6)
        assert "Fine-tuning" not in caplog.text
        await teach(bot.database, 9, users=[2])
        text = (await admin.wait_reply())["text"]
        assert text.splitlines()[1:] == [
            "loading",
            "<full>",
            "It was killed by the signal SIGKILL.",
        ]
        assert "Fine-tuning failed: loading / <full> / It was killed" in caplog.text
    async with running(settings, mine) as bot:
        await asyncio.sleep(0.6)
        assert caplog.text.count("Fine-tuning on") == 1
        await teach(bot.database, 9, seed=2)
        await until(lambda: caplog.text.count("Fine-tuning on 54 new labels") == 1)


async def test_a_fine_tuning_that_ends_with_the_bot_leaves_its_last_lines_in_the_log(
    settings: Settings,
    mine: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = tmp_path / "begun"
    pretend(monkeypatch, tmp_path / "long", f"echo half way >&2; touch {begun}; exec sleep 60")
    caplog.set_level(logging.INFO, "bot.model_updates")
    settings = settings.model_copy(update={"finetune_every": 5})
    async with running(settings, mine) as bot:
        await teach(bot.database, 9)
        await until(begun.exists)
    assert "Fine-tuning was stopped with the bot" in caplog.text
    assert "Its last lines: half way" in caplog.text


async def test_after_enough_labels_the_bot_fine_tunes_in_another_process_and_answers_meanwhile(
    settings: Settings, concepts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = shutil.copytree(concepts, tmp_path / "models" / "mine")
    settings = settings.model_copy(update={"finetune_every": 60, "log_level": "WARNING"})
    with caplog.at_level(logging.INFO, "bot.model_updates"):
        async with (
            running(settings, mine) as bot,
            Person(bot.page_url) as ann,
            Person(bot.page_url, chat=77) as admin,
        ):
            await teach(bot.database, 18)
            swap = asyncio.create_task(bot.answered_by("mine-2"))
            answers = 0
            while not swap.done():
                assert await answer_hashtags(ann, "red", answers)
                answers += 1
                await asyncio.sleep(0.5)  # the other process is of the lowest priority
            await swap
            assert answers > 2
            await until(lambda: "mine-2 learnt from 18 photos" in caplog.text)
            told = (await admin.wait_reply())["text"]
            assert told.startswith("mine-2 was put in use. It has learnt from 18 photos")
            assert "This bot answers with" not in told
    assert "Fine-tuning on 108 new labels" in caplog.text
    assert caplog.text.count("Fine-tuning on") == 1


async def test_a_fine_tuning_that_fails_is_told_in_the_log_and_the_bot_goes_on(
    settings: Settings,
    mine: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal = "Error: mine-1 carries no photos to rehearse"
    pretend(monkeypatch, tmp_path / "refusing", f"echo '{refusal}' >&2; exit 1")
    settings = settings.model_copy(update={"finetune_every": 5})
    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        await teach(bot.database, 9)
        await until(lambda: "Fine-tuning failed" in caplog.text)
        assert "carries no photos to rehearse" in caplog.text
        assert len(await answer_hashtags(ann, "red", 1)) == 10


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 5, 1, 2, 59), datetime(2026, 5, 1, 3)),
        (datetime(2026, 5, 1, 3, 0), datetime(2026, 5, 2, 3)),
    ],
)
def test_a_night_is_the_next_one(now: datetime, night: datetime) -> None:
    assert next_night(now) == night
