"""What a person leaves in the database: told, taken along, forgotten."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, select

from recommenders.copies import Hashes
from storage import (
    Database,
    blocklist,
    channels,
    chats,
    feedback,
    forgetting,
    known_photos,
    labels,
    moderation,
    personal_data,
    recommendations,
    sightings,
    training_labels,
    users,
)
from storage.personal_data import Stored
from storage.recommendations import Asked
from storage.tables import Base, LabelDecision, Sighting, User, now
from tests.storage.dialects import on_postgresql, on_sqlite
from tests.storage.locks import somebody_waits

NewPhoto = Callable[..., Awaitable[int]]
ME, OTHER, GROUP, CHANNEL = 111222333, 444555666, -1000, -700


async def send(
    database: Database, photo: int, user: int, chat: int, words: Sequence[str] = ()
) -> int:
    async with database.session() as session:
        await users.seen(session, user, "en")
        message = 10 * photo + user % 10
        await sightings.seen(
            session, chat_id=chat, message_id=message, photo_id=photo, user_id=user
        )
        await known_photos.add_file(session, photo, f"file-{photo}-{user}")
        answer = await recommendations.record(
            session,
            photo_id=photo,
            chat_id=chat,
            asked=Asked("als", "m", words=words),
            hashtags=[("dog", 1.0)],
            elapsed_ms=1.0,
        )
        await recommendations.set_message(session, answer, message + 5)
        await sightings.answered(session, chat_id=chat, message_id=message + 5, photo_ids=[photo])
        await feedback.vote(session, recommendation_id=answer, user_id=user, value=1)
    return answer


async def label(database: Database, photo: int, user: int, *hashtags: str) -> None:
    async with database.session() as session:
        await labels.add(
            session,
            person=user,
            chat_id=GROUP,
            photo_id=photo,
            hashtags={hashtag: hashtag for hashtag in hashtags},
            blocklist=blocklist.in_force({}),
        )


async def columns_with(database: Database, user: int) -> set[str]:
    """Tables and columns in which the user's number stands."""
    columns = set()
    async with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if not isinstance(column.type, BigInteger):
                    continue
                if await session.scalar(select(column).where(column == user).limit(1)):
                    columns.add(f"{table.name}.{column.name}")
    return columns


@dataclass(frozen=True)
class Traces:
    """What a user leaves.

    Attributes:
        mine: a photo that nobody else sent or labelled.
        shared: one that another user sent too.
        labelled_by_other: one that another user labelled.
        answer_to_other: the answer that the other user got for ``shared``.
    """

    mine: int
    shared: int
    labelled_by_other: int
    answer_to_other: int


@pytest.fixture
async def traces(database: Database, new_photo: NewPhoto) -> Traces:
    mine, shared, labelled_by_other = [await new_photo() for _ in range(3)]
    await send(database, mine, ME, ME)
    await send(database, shared, ME, ME)
    answer_to_other = await send(database, shared, OTHER, GROUP)
    await send(database, labelled_by_other, ME, GROUP)
    await label(database, mine, ME, "one", "two")
    await label(database, shared, ME, "one")
    await label(database, labelled_by_other, OTHER, "theirs")
    async with database.session() as session:
        await chats.change(session, ME, count=30, own_hashtags=["mine"])
        await feedback.vote(session, recommendation_id=answer_to_other, user_id=ME, value=-1)
        await feedback.take_out(
            session, recommendation_id=answer_to_other, hashtag="dog", user_id=ME
        )
        (two,) = (one for one in (await labels.mine(session, ME)).items if one.hashtag == "two")
        await labels.remove(session, ME, two.label_id)
        decided = {"photo_id": shared, "key": "decided", "status": "approved"}
        session.add(LabelDecision(**decided, decided_by=ME, decided_at=now()))
        await moderation.block(session, "bad", ME)
    return Traces(mine, shared, labelled_by_other, answer_to_other)


async def forget_me(database: Database) -> None:
    await forgetting.forget(database, ME)


@pytest.mark.usefixtures("traces")
async def test_the_number_of_a_user_who_asks_to_be_forgotten_stands_nowhere(
    database: Database,
) -> None:
    assert "labels.user_id" in await columns_with(database, ME)
    await forget_me(database)
    assert await columns_with(database, ME) == set()


async def test_a_photo_that_nobody_else_used_is_forgotten(
    database: Database, traces: Traces
) -> None:
    await forget_me(database)
    async with database.reading() as session:
        assert await known_photos.features(session, traces.mine) == {}
        assert await known_photos.find_by_file(session, f"file-{traces.mine}-{ME}") is None


async def named_in(database: Database, answer_id: int) -> tuple[str, ...]:
    async with database.reading() as session:
        answer = await recommendations.get(session, answer_id)
        assert answer is not None
        return answer.named


async def test_what_a_caption_named_in_a_group_is_forgotten_with_its_writer(
    database: Database, traces: Traces
) -> None:
    mine = await send(database, traces.labelled_by_other, ME, GROUP - 1, ["my", "dog"])
    theirs = await send(database, traces.shared, OTHER, GROUP, ["their", "dog"])
    async with database.reading() as session:
        exported = (await personal_data.export(session, ME))["recommendations"]
    assert "my dog" in {row["words"] for row in exported}
    assert "their dog" not in {row["words"] for row in exported}
    await forget_me(database)
    assert await named_in(database, mine) == ()
    assert await named_in(database, theirs) == ("their", "dog")


@on_postgresql
async def test_what_is_added_to_an_answer_while_somebody_is_forgotten_stays(
    database: Database, traces: Traces
) -> None:
    await label(database, traces.shared, ME, "dog")
    async with database.session() as session:
        answer = traces.answer_to_other
        await recommendations.extend(session, answer, [("cat", 0.5), ("sea", 0.4)], shown=3)
        forgetting_me = asyncio.create_task(forget_me(database))
        await somebody_waits(database)
    await forgetting_me
    async with database.reading() as session:
        changed = await recommendations.get(session, answer)
        assert changed is not None and changed.tags == ["cat", "sea"]


async def test_a_channel_takes_along_and_forgets_what_it_chose_for_its_captions(
    database: Database,
) -> None:
    async with database.session() as session:
        for channel in (CHANNEL, CHANNEL - 1):
            await channels.set_captions(session, channel, on=True)
            await chats.change(session, channel, language="ru")
    async with database.reading() as session:
        tables = await personal_data.export(session, CHANNEL)
    assert tables["captioned_channels"] == [{"chat_id": CHANNEL}]
    assert [(row["id"], row["language"]) for row in tables["chats"]] == [(CHANNEL, "ru")]
    await forgetting.forget(database, CHANNEL)
    assert await columns_with(database, CHANNEL) == set()
    assert await columns_with(database, CHANNEL - 1) == {"captioned_channels.chat_id", "chats.id"}


async def test_a_channel_that_wants_no_captions_leaves_nothing(database: Database) -> None:
    async with database.session() as session:
        await channels.set_captions(session, CHANNEL, on=True)
        await chats.change(session, CHANNEL, language="ru")
    async with database.session() as session:
        await channels.set_captions(session, CHANNEL, on=False)
    assert await columns_with(database, CHANNEL) == set()


async def test_who_wrote_as_a_group_is_forgotten_and_the_others_in_it_are_not(
    database: Database, traces: Traces
) -> None:
    await send(database, traces.labelled_by_other, GROUP, GROUP)
    await forgetting.forget(database, GROUP)
    async with database.reading() as session:
        assert await sightings.of_message(session, GROUP, 10 * traces.shared + OTHER % 10) == [
            traces.shared
        ]
        by_group = Sighting.user_id == GROUP
        assert await session.scalar(select(Sighting.id).where(by_group)) is None
        assert await recommendations.get(session, traces.answer_to_other) is not None


async def test_a_photo_that_another_user_sent_too_stays(database: Database, traces: Traces) -> None:
    await forget_me(database)
    async with database.reading() as session:
        assert (await known_photos.features(session, traces.shared)).keys() == {"net"}
        assert await sightings.of_message(session, GROUP, 10 * traces.shared + OTHER % 10) == [
            traces.shared
        ]


async def test_a_photo_that_another_user_labelled_stays(database: Database, traces: Traces) -> None:
    await forget_me(database)
    async with database.reading() as session:
        photo = traces.labelled_by_other
        batches = training_labels.lessons(session, "net", [photo])
        lessons = [lesson async for batch in batches for lesson in batch]
        assert lessons[0].hashtags == {GROUP: ("theirs",), OTHER: ("theirs",)}
        assert (await known_photos.features(session, photo)).keys() == {"net"}


async def test_the_other_users_thumb_stays(database: Database, traces: Traces) -> None:
    await forget_me(database)
    async with database.reading() as session:
        assert (await feedback.thumbs(session, traces.answer_to_other)).up == 1


@pytest.mark.usefixtures("traces")
async def test_what_an_admin_decided_stays_when_they_are_forgotten(database: Database) -> None:
    await forget_me(database)
    async with database.reading() as session:
        assert await moderation.own_words(session) == {"bad": False}
        waiting = await moderation.pending(session)
        assert [item.hashtag for item in waiting.items] == ["theirs"]


async def test_an_approved_hashtag_takes_no_other_out_of_strangers_answers(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, strangers = await new_photo(), await new_photo()
    answer = await send(database, strangers, OTHER, OTHER)
    await label(database, photo, ME, "dog", "xyzzy")
    async with database.session() as session:
        waiting = await moderation.pending(session)
        ids = [item.label_id for item in waiting.items if item.hashtag == "xyzzy"]
        await moderation.decide(session, ids, "approved", OTHER)
    await forgetting.forget(database, ME)
    async with database.reading() as session:
        stored = await recommendations.get(session, answer)
    assert stored is not None and stored.tags == ["dog"]


async def test_a_hashtag_that_somebody_else_took_back_goes_out_of_strangers_answers(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, strangers = await new_photo(), await new_photo()
    answer = await send(database, strangers, OTHER, OTHER)
    for person in (ME, OTHER):
        await label(database, photo, person, "dog")
    async with database.session() as session:
        (theirs,) = (await labels.mine(session, OTHER)).items
        await labels.remove(session, OTHER, theirs.label_id)
        (waiting,) = (await moderation.pending(session)).items
        await moderation.decide(session, [waiting.label_id], "approved", OTHER)
    await forget_me(database)
    async with database.reading() as session:
        stored = await recommendations.get(session, answer)
    assert stored is not None and stored.tags == []


async def test_someone_unknown_is_forgotten_without_ado(database: Database) -> None:
    await forgetting.forget(database, 404)


def written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


@on_sqlite
async def test_what_is_forgotten_is_not_left_lying_in_the_file(
    url: str, folder_in_memory: Path
) -> None:
    database = await Database.open(url)
    photo_name = "AQADlastingname"
    async with database.session() as session:
        photo = await known_photos.remember(
            session, hashes=Hashes(5, 5), features={}, file_unique_id=photo_name
        )
        await sightings.seen(session, chat_id=ME, message_id=1, photo_id=photo, user_id=ME)
    await forgetting.forget(database, ME)
    left = written(folder_in_memory)
    assert b"SQLite format" in left and photo_name.encode() not in left
    await database.close()


async def test_a_number_that_was_deleted_is_not_used_again(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    answer = await send(database, photo, ME, ME)
    await forgetting.forget(database, ME)
    again = await new_photo()
    assert again > photo
    assert await send(database, again, OTHER, OTHER) > answer


async def test_a_user_is_known_by_language_and_two_times(database: Database) -> None:
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    async with database.session() as session:
        await users.seen(session, ME, "ru", at=first)
        await users.seen(session, ME, at=second)
    async with database.reading() as session:
        row = await session.get(User, ME)
        assert row is not None
        assert (row.language, row.first_seen, row.last_seen) == ("ru", first, second)


async def test_a_language_of_any_length_can_be_stored(database: Database) -> None:
    async with database.session() as session:
        await users.seen(session, ME, "en-us-u-fw-mon-mu-celsius")
    async with database.reading() as session:
        assert (await users.languages(session, [ME]))[ME].startswith("en-us")


async def test_how_much_is_stored_of_a_user_is_told(database: Database, traces: Traces) -> None:
    async with database.reading() as session:
        assert await personal_data.stored(session, ME) == Stored(photos=3, hashtags=1, votes=4)
        assert await personal_data.stored(session, 404) == Stored(0, 0, 0)


@pytest.mark.usefixtures("traces")
async def test_an_export_has_every_table_in_which_the_user_stands(database: Database) -> None:
    async with database.reading() as session:
        tables = await personal_data.export(session, ME)
    assert {name.split(".")[0] for name in await columns_with(database, ME)} <= {
        name for name, rows in tables.items() if rows
    }


async def test_an_export_is_json_of_this_user_alone(database: Database, traces: Traces) -> None:
    async with database.reading() as session:
        tables = json.loads(json.dumps(await personal_data.export(session, ME)))
    assert {row["hashtag"] for row in tables["labels"]} == {"one", "two"}
    assert [row["own_hashtags"] for row in tables["chats"]] == [["mine"]]
    sent = {traces.mine, traces.shared, traces.labelled_by_other}
    assert {row["id"] for row in tables["photos"]} == sent
    assert [row["hashtag"] for row in tables["taken_out"]] == ["dog"]
    assert {row["dims"] for row in tables["photo_features"]} == {32}
    assert str(OTHER) not in json.dumps(tables["votes"] + tables["labels"] + tables["sightings"])


async def test_an_export_has_what_a_photo_is_recognised_by(database: Database) -> None:
    async with database.session() as session:
        hashes = Hashes(5, 5, b"\x01" * 192, Hashes(6, 6))
        photo = await known_photos.remember(session, hashes=hashes, features={})
        await sightings.seen(session, chat_id=ME, message_id=1, photo_id=photo, user_id=ME)
        tables = await personal_data.export(session, ME)
    assert tables["photos"][0]["colours"] == "01" * 192
    assert [row["average_hash"] for row in tables["cropped_photos"]] == [6]


async def test_who_writes_as_a_group_takes_along_nothing_of_its_members(
    database: Database, traces: Traces
) -> None:
    async with database.reading() as session:
        tables = await personal_data.export(session, GROUP)
    assert [name for name, rows in tables.items() if rows] == []
