"""What is old goes, a few rows at a time; what people taught stays."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, delete, event, func, select, union_all, update

from bot.retention import purged
from storage import (
    Database,
    forgetting,
    inbox,
    known_photos,
    labels,
    outbox,
    recommendations,
    retention,
    sightings,
)
from storage.blocklist import in_force
from storage.database import AsyncSession
from storage.recommendations import Asked
from storage.replica_tables import Change, ChatAtWork, RateBucket, Replica
from storage.tables import (
    HandledUpdate,
    Label,
    LabelDecision,
    OutgoingMessage,
    Photo,
    PhotoFeatures,
    Recommendation,
    Sighting,
    WaitingUpdate,
    now,
)
from tests.storage.dialects import on_postgresql, on_sqlite

NewPhoto = Callable[..., Awaitable[int]]
NOW = datetime(2026, 11, 25, tzinfo=UTC)
OLD = NOW - timedelta(days=500)
LIMIT = NOW - timedelta(days=400)
BOT = 9


async def sent(session: AsyncSession, photo: int, user: int = 1, message: int = 1) -> None:
    await sightings.seen(session, chat_id=user, message_id=message, photo_id=photo, user_id=user)
    await recommendations.record(
        session,
        photo_id=photo,
        chat_id=user,
        asked=Asked("als", "m"),
        hashtags=[("dog", 1.0)],
        elapsed_ms=1.0,
    )


async def make_old(database: Database) -> None:
    async with database.session() as session:
        for table in (Photo, Sighting, Recommendation, Label):
            await session.execute(update(table).values(at=OLD))


async def counts(database: Database) -> list[int]:
    async with database.reading() as session:
        tables = (Photo, PhotoFeatures, Sighting, Recommendation, Label)
        return [await session.scalar(select(func.count()).select_from(one)) or 0 for one in tables]


async def test_old_history_goes_and_what_was_taught_stays(
    database: Database, new_photo: NewPhoto
) -> None:
    old, taught, renewed = [await new_photo() for _ in range(3)]
    async with database.session() as session:
        for photo in (old, taught, renewed):
            await sent(session, photo, message=photo)
        tags = {"dog": "dog"}
        await labels.add(
            session, person=1, chat_id=1, photo_id=taught, hashtags=tags, blocklist=in_force({})
        )
    await make_old(database)
    async with database.session() as session:
        await sightings.seen(session, chat_id=2, message_id=9, photo_id=renewed, user_id=2)
    assert await counts(database) == [3, 3, 4, 3, 1]
    await retention.purge(database, LIMIT, batch=1)
    assert await counts(database) == [2, 2, 1, 0, 1]
    async with database.reading() as session:
        assert await known_photos.features(session, old) == {}
    assert await retention.purge(database, LIMIT) == 0


async def test_a_heavy_users_deletion_lets_others_write_after_every_few_rows(
    database: Database, new_photo: NewPhoto
) -> None:
    photos = [await new_photo() for _ in range(12)]
    async with database.session() as session:
        for photo in photos:
            await sent(session, photo, message=photo)
    steps: list[int] = []
    writing = database.session

    def counted(*, confirmed: bool = True) -> object:
        steps.append(1)
        return writing(confirmed=confirmed)

    database.session = counted  # type: ignore[method-assign, assignment]
    await forgetting.forget(database, 1, batch=2)
    assert len(steps) > len(photos)
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_much_that_is_old_is_looked_for_once(database: Database, new_photo: NewPhoto) -> None:
    photos = [await new_photo() for _ in range(12)]
    async with database.session() as session:
        for photo in photos:
            await sent(session, photo, message=photo)
    await make_old(database)
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await retention.purge(database, LIMIT, batch=2)
    assert sum(one.startswith("SELECT photos.id FROM photos") for one in statements) == 1
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_what_was_decided_about_a_label_goes_with_the_label(
    database: Database, new_photo: NewPhoto
) -> None:
    gone, stays = await new_photo(), await new_photo()
    async with database.session() as session:
        for photo in (gone, stays):
            await labels.add(
                session,
                person=1,
                chat_id=1,
                photo_id=photo,
                hashtags={"dog": "dog"},
                blocklist=in_force({}),
            )
            session.add(
                LabelDecision(
                    photo_id=photo, key="dog", status="rejected", decided_by=2, decided_at=OLD
                )
            )
        await session.execute(update(Label).where(Label.photo_id == gone).values(removed_at=OLD))
    await retention.purge(database, LIMIT)
    async with database.reading() as session:
        assert list(await session.scalars(select(LabelDecision.photo_id))) == [stays]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.retention.FIRST_AFTER", 0.0)


async def are_gone(database: Database, *queries: Select[Any]) -> None:
    """Waits until these queries find nothing."""
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as session:
                if not (await session.scalars(union_all(*queries))).all():
                    return
            await asyncio.sleep(0.05)


@on_postgresql
async def test_what_only_the_next_hour_needs_goes_without_a_webhook_too(
    database: Database, at_once: None
) -> None:
    async with database.session() as session:
        session.add(RateBucket(clock="minute", who=1, room=0.0, at=1.0, warned=False, verdict=""))
        session.add(Change(replica=1, kind="forgotten", numbers=[1], at=OLD))
    async with purged(database, 400, BOT):
        await are_gone(database, select(RateBucket.who), select(Change.id))


async def test_which_replica_had_a_chat_is_forgotten_without_a_webhook_too(
    database: Database, at_once: None
) -> None:
    async with database.session() as session:
        session.add(ChatAtWork(bot_id=7, chat=1, replica=1, until=OLD))
        session.add(Replica(number=1, until=OLD))
    async with purged(database, 400, BOT):
        await are_gone(database, select(ChatAtWork.chat), select(Replica.number))


async def test_that_an_update_was_handled_is_known_for_as_long_as_telegram_may_send_it_again(
    database: Database, at_once: None
) -> None:
    hours = {1: 49, 2: 47, 3: 0}
    async with database.session() as session:
        await inbox.handled(session, BOT, hours)
        for one, ago in hours.items():
            of_one = update(HandledUpdate).where(HandledUpdate.update_id == one)
            await session.execute(of_one.values(at=now() - timedelta(hours=ago)))
    async with purged(database, 400, BOT):
        await are_gone(database, select(HandledUpdate).where(HandledUpdate.update_id == 1))
    async with database.session() as session:
        again = dict.fromkeys(hours, inbox.NewUpdate("{}"))
        assert await inbox.store(session, BOT, again) == {1}


async def test_what_waits_for_a_bot_of_another_token_goes_after_two_days(
    database: Database, at_once: None
) -> None:
    for bot_id in (7, BOT):
        async with database.session() as session:
            await inbox.store(session, bot_id, {1: inbox.NewUpdate("{}", 1, 1)})
            await session.execute(update(WaitingUpdate).values(received_at=OLD))
    for bot_id in (7, BOT):
        async with database.session() as session:
            await inbox.store(session, bot_id, {2: inbox.NewUpdate("{}", 1, 1)})
            for at in (OLD, now()):
                waits = {"chat_id": 1, "text": "", "photo_ids": [], "unsure": 0, "at": at}
                await outbox.put(session, OutgoingMessage(bot_id=bot_id, **waits))
    async with purged(database, 400, BOT):
        await are_gone(
            database,
            select(WaitingUpdate.id).where(
                WaitingUpdate.received_at == OLD, WaitingUpdate.bot_id == 7
            ),
            select(OutgoingMessage.id).where(
                OutgoingMessage.at == OLD, OutgoingMessage.bot_id == 7
            ),
        )
    for bot_id, left in ((7, 1), (BOT, 2)):  # the clock may have jumped under the one that runs
        async with database.reading() as session:
            assert len(await inbox.waiting(session, bot_id)) == left
            assert len(await outbox.waiting(session, bot_id)) == left


async def delete_a_text(database: Database) -> None:
    async with database.session() as session:
        await inbox.store(session, BOT, {1: inbox.NewUpdate("confidential", 1, 1)})
    async with database.session() as session:
        await session.execute(delete(WaitingUpdate))


def has_the_text(folder: Path) -> bool:
    return any(b"confidential" in file.read_bytes() for file in folder.glob("bot.db*"))


@on_sqlite
async def test_what_was_deleted_does_not_stay_in_the_files(
    database: Database, at_once: None, folder_in_memory: Path
) -> None:
    await delete_a_text(database)
    assert has_the_text(folder_in_memory)
    async with asyncio.timeout(20), purged(database, 400, BOT):
        while True:
            await asyncio.sleep(0.05)
            if not has_the_text(folder_in_memory):
                break


@on_sqlite
async def test_nor_after_a_process_was_killed(
    database: Database, folder_in_memory: Path, tmp_path: Path
) -> None:
    await delete_a_text(database)
    left = shutil.copytree(folder_in_memory, tmp_path / "left")  # as a killed process leaves them
    assert has_the_text(left)
    after = await Database.open(f"sqlite+aiosqlite:///{left}/bot.db")
    assert not has_the_text(left)
    await after.close()


async def test_history_gets_a_day_where_the_clock_may_be_ahead(
    database: Database, new_photo: NewPhoto, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retention.EVERY", 0.05)
    monkeypatch.setattr("bot.retention.HISTORY_EVERY", 10**6)
    photo = await new_photo()
    async with database.session() as session:
        await sent(session, photo)
    await make_old(database)
    async with database.session() as session:  # a photo by the clock that may be wrong
        await sightings.seen(session, chat_id=2, message_id=2, photo_id=photo, user_id=2)
    everything = await counts(database)
    async with purged(database, 400, BOT):
        for _ in range(2):  # when the second is gone, the first round is over
            async with database.session() as session:
                session.add(ChatAtWork(bot_id=7, chat=1, replica=1, until=OLD))
            await are_gone(database, select(ChatAtWork.chat))
    assert await counts(database) == everything
    monkeypatch.setattr("bot.retention.HISTORY_EVERY", 1)
    async with purged(database, 400, BOT):
        await are_gone(database, select(Sighting.id).where(Sighting.at == OLD))


async def test_history_goes_at_once_where_photos_came_on_other_days(
    database: Database, new_photo: NewPhoto, at_once: None
) -> None:
    photo = await new_photo()
    async with database.session() as session:
        await sent(session, photo)
    await make_old(database)
    async with database.session() as session:
        await sightings.seen(session, chat_id=2, message_id=2, photo_id=photo, user_id=2)
        yesterday = update(Sighting).where(Sighting.chat_id == 2)
        await session.execute(yesterday.values(at=now() - timedelta(days=2)))
    async with purged(database, 400, BOT):
        await are_gone(database, select(Sighting.id).where(Sighting.at == OLD))
