"""A running bot fine-tunes when it was taught enough, and tells its admins what became of it."""

import asyncio
import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.learning_status import next_night
from bot.model_updates import AtStart, kept_current
from bot.settings import Settings
from recommenders.versions import Versions
from storage import (
    Database,
    users,
    version_news,
)
from storage.tables import OutgoingMessage, now
from tests.bot.conversation import answer_hashtags, reply_text
from tests.bot.running import Start
from tests.bot.tagged_photos import tag_photos
from tests.bot.telegram_sends import LATER, Refusing
from tests.bot.versions_in_use import running
from tests.concepts import UNKNOWN, features_of, hashtags_of
from tests.person import Person
from tests.waiting import until

Pretend = Callable[[str], None]

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
        await until(lambda: languages_are(bot.database, {77: "en", 78: "ru"}))
        await note(bot.database, "mine-2", "promoted", PROMOTED)
        text = (await ann.wait_reply())["text"].replace("\xa0", " ")
        assert text.splitlines() == [
            "mine-2 is now in use. It has learnt from 22 photos that people tagged.",
            "This bot still answers with mine-1; its log says why.",
            "On photos kept aside to check it, it finds 86 % of the hashtags that it had not been "
            "taught (before: 12 %); on photos it knew before, 70.3 % (before: 70.0 %).",
        ]
        assert "Включена версия mine-2" in (await olga.wait_reply())["text"]
        await until(lambda: "Admin 76 was not told of mine-2" in caplog.text)
    async with running(settings, mine) as bot, Person(bot.page_url, chat=77) as ann:
        await note(bot.database, "mine-3", "rejected", REJECTED)
        assert (await ann.wait_reply())["text"].startswith(
            "mine-3 was not put in use: it forgets too much of what it knew before. mine-1 stays "
        )
        assert len(ann.replies()) == 1


@pytest.mark.parametrize("hours", [0, 2])
async def test_admins_are_told_after_a_restart_what_could_not_be_sent_before_it(
    start: Start, mine: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr("bot.model_updates.GRACE", 0.01)
    bot = await start()
    await bot.person(chat=77)
    refusing = Refusing(monkeypatch, "sendMessage", LATER)
    versions = Versions.of(mine)
    async with kept_current(bot.services, versions, AtStart.of(versions), check_every=0.05):
        await note(bot.database, "mine-2", "rolled_back", {"to": "mine-1"})
        await until(lambda: bool(refusing.refused))
    async with bot.database.session() as session:
        then = now() - timedelta(hours=hours)
        await session.execute(update(OutgoingMessage).values(at=then))
    await bot.stop()
    refusing.over = True
    async with Person(bot.server.page_url, chat=77) as admin:
        await start(server=bot.server)
        assert (await admin.wait_reply())["text"].startswith("mine-2 was rolled back")


async def test_without_admins_nothing_is_told_then_or_later(settings: Settings, mine: Path) -> None:
    nobody = settings.model_copy(update={"admin_ids": frozenset()})
    async with running(nobody, mine) as bot:
        await note(bot.database, "mine-2", "promoted", PROMOTED)
        await until(lambda: nothing_to_tell(bot.database))
    async with running(settings, mine) as bot, Person(bot.page_url, chat=77) as admin:
        await note(bot.database, "mine-3", "rolled_back", {"to": "mine-1"})
        assert (await admin.wait_reply())["text"].startswith("mine-3 was rolled back")


async def languages_are(database: Database, languages: dict[int, str]) -> bool:
    async with database.reading() as session:
        return await users.languages(session, languages) == languages


async def nothing_to_tell(database: Database) -> bool:
    async with database.reading() as session:
        return not await version_news.waits(session)


async def teach(
    database: Database, count: int, *, users: Sequence[int] = (1, 2), seed: int = 0
) -> None:
    """Photos, the same for a seed, tagged with the unknown concept's hashtags by each user."""
    rows = features_of(UNKNOWN, count, seed=7)
    await tag_photos(database, rows, hashtags_of(UNKNOWN), users=users, seed=seed)


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Makes a fine-tuning a shell script: what becomes of its process is all that counts."""

    def pretending(script: str) -> None:
        path = tmp_path / "pretended"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return pretending


async def test_labels_count_once_they_can_be_learnt_and_not_again_when_that_failed(
    settings: Settings, mine: Path, pretend: Pretend, caplog: pytest.LogCaptureFixture
) -> None:
    pretend("echo loading >&2; echo '<full>' >&2; kill -9 $$")
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
    pretend: Pretend,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = tmp_path / "begun"
    pretend(f"echo half way >&2; touch {begun}; exec sleep 60")
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
                await asyncio.sleep(1)  # the other process is of the lowest priority
            await swap
            assert answers > 2
            await until(lambda: "mine-2 learnt from 18 photos" in caplog.text, 600)
            told = (await admin.wait_reply())["text"]
            assert told.startswith("mine-2 is now in use. It has learnt from 18 photos")
            assert "This bot still answers with" not in told
    assert "Fine-tuning on 108 new labels" in caplog.text
    assert caplog.text.count("Fine-tuning on") == 1


async def test_a_fine_tuning_that_fails_is_told_in_the_log_and_the_bot_goes_on(
    settings: Settings, mine: Path, pretend: Pretend, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = "Error: mine-1 carries no photos to rehearse"
    pretend(f"echo '{refusal}' >&2; exit 1")
    settings = settings.model_copy(update={"finetune_every": 5})
    async with running(settings, mine) as bot, Person(bot.page_url) as ann:
        await teach(bot.database, 9)
        await until(lambda: "Fine-tuning failed" in caplog.text)
        assert "carries no photos to rehearse" in caplog.text
        assert len(await answer_hashtags(ann, "red", 1)) == 10


async def test_a_clock_that_was_ahead_at_the_start_puts_off_no_night(
    settings: Settings,
    mine: Path,
    pretend: Pretend,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Clock(datetime):
        time = datetime(2027, 12, 31, 12)

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return cls.time

    pretend("exit 1")
    monkeypatch.setattr("bot.model_updates.datetime", Clock)
    settings = settings.model_copy(update={"finetune_every": "nightly"})
    async with running(settings, mine) as bot:
        await teach(bot.database, 9)
        for Clock.time in (datetime(2026, 11, 26, 12), datetime(2026, 11, 27, 3)):
            await asyncio.sleep(0.6)
        await until(lambda: "Fine-tuning failed" in caplog.text, 60)


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 5, 1, 2, 59), datetime(2026, 5, 1, 3)),
        (datetime(2026, 5, 1, 3, 0), datetime(2026, 5, 2, 3)),
    ],
)
def test_a_night_is_the_next_one(now: datetime, night: datetime) -> None:
    assert next_night(now) == night
