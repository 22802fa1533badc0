"""Databases of every version before are brought up to date, and nothing in them is lost."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from numpy.typing import NDArray
from sqlalchemy import Connection, inspect, text

from recommenders.copies import Hashes
from storage import (
    Database,
    StorageError,
    chats,
    inbox,
    known_photos,
    labels,
    moderation,
    recommendations,
    training_labels,
    version_news,
)
from storage.migrations.apply import config, revisions
from storage.recommendations import Asked
from storage.tables import Base
from tests.storage.dialects import on_sqlite
from tests.storage.revisions import downgrade, upgrade

ANONYMOUS_ADMIN = 1_087_968_824


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_the_migrations_build_the_tables_that_the_models_describe(
    database: Database,
) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_difference_between_models_and_migrations_would_be_seen(
    database: Database,
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE chats ADD COLUMN surprise INTEGER"))
        assert await connection.run_sync(differences) != []


async def test_files_are_called_as_their_revisions(database: Database) -> None:
    async with database.engine.connect() as connection:
        scripts = await connection.run_sync(lambda sync: ScriptDirectory.from_config(config(sync)))
    assert [script.revision for script in scripts.walk_revisions()] == revisions()


async def test_every_migration_can_be_undone(database: Database) -> None:
    async with database.engine.begin() as connection:
        await downgrade(connection, "base")
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert tables == ["alembic_version"]


OLD_STYLES = ["balanced", "popular/ladder", "relevant/album"]
"""As the first version of the database wrote style, mix and album."""


async def record_styles(database: Database, photo: int, styles: Iterable[str]) -> None:
    async with database.session() as session:
        for style in styles:
            await recommendations.record(
                session,
                photo_id=photo,
                chat_id=1,
                asked=Asked("als", "m", style),
                hashtags=[("dog", 0.5)],
                elapsed_ms=1,
            )


async def test_answers_get_their_style_of_the_first_version_back(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    await record_styles(database, await new_photo(), OLD_STYLES)
    async with database.engine.begin() as connection:
        await downgrade(connection, "0001")
        await upgrade(connection, "0002")
        await downgrade(connection, "0001")
        styles = await connection.scalars(text("SELECT style FROM recommendations ORDER BY id"))
        assert styles.all() == OLD_STYLES


async def test_answers_of_the_first_version_get_their_mix_and_album(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    await record_styles(database, await new_photo(), OLD_STYLES)
    columns = text("SELECT style, mix, album FROM recommendations ORDER BY id")
    async with database.engine.begin() as connection:
        await downgrade(connection, "0001")
        await upgrade(connection, "0002")
        assert (await connection.execute(columns)).all() == [
            ("balanced", None, 0),
            ("popular", "ladder", 0),
            ("relevant", None, 1),
        ]


async def test_answers_of_the_third_version_are_whole_for_every_chat_and_named_no_words(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    await record_styles(database, await new_photo(), ["balanced"])
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        await upgrade(connection)
    async with database.reading() as session:
        answer = await recommendations.get(session, 1)
        assert answer is not None
        assert (answer.tags, answer.only_here, answer.named) == (["dog"], False, ())


async def test_what_chats_of_the_third_version_chose_stays_and_defaults_are_no_choice(
    database: Database,
) -> None:
    rows = "(1, 7, 'popular', NULL), (2, 10, 'balanced', NULL), (3, 30, 'popular', 'threads')"
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        await connection.execute(
            text(f"INSERT INTO chats (id, count, style, platform) VALUES {rows}")
        )
        await upgrade(connection)
    async with database.reading() as session:
        chosen = [await chats.get(session, chat_id) for chat_id in (1, 2, 3)]
    assert [(chat.count, chat.style, chat.platform) for chat in chosen] == [
        (7, "popular", None),
        (None, None, None),
        (None, None, "threads"),
    ]


async def test_photos_stored_before_there_were_colours_stay_and_have_none(
    database: Database, vector: Callable[..., NDArray[np.float32]]
) -> None:
    hashes = Hashes(5, 6, b"c" * 192, cropped=Hashes(7, 8, b"d" * 192))
    features = {"net": vector(1)}
    async with database.session() as session:
        photo = await known_photos.remember(session, hashes=hashes, features=features)
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        await upgrade(connection)
    async with database.session() as session:
        old = await known_photos.perceptual_hashes_and_colours(session, [photo])
        assert old == {photo: (hashes.packed_perceptual, None)}
        assert await known_photos.sharing_a_band(session, [(hashes, True)]) == [{}]
        assert (await known_photos.features(session, photo)).keys() == {"net"}
        await known_photos.add_hashes(session, photo, hashes)
        assert await known_photos.perceptual_hashes_and_colours(session, [photo]) == {
            photo: (hashes.packed_perceptual, hashes.colours)
        }
        [found] = await known_photos.sharing_a_band(session, [(Hashes(7, 0), True)])
        assert found == {photo: 7}


async def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    tmp_path: Path,
) -> None:
    file = tmp_path / "half.db"
    with sqlite3.connect(file) as plain:
        # The last table that the first migration makes is there already, so it fails at the end.
        plain.execute("CREATE TABLE blocked_words (word TEXT)")
    plain.close()
    with pytest.raises(StorageError):
        await Database.open(f"sqlite:///{file}")
    with sqlite3.connect(file) as plain:
        tables = {name for (name,) in plain.execute("SELECT name FROM sqlite_master")}
    plain.close()
    assert tables == {"blocked_words"}


OLD_LABELS = """
    INSERT INTO labels (id, user_id, chat_id, photo_id, hashtag, at, removed_at) VALUES
        (1, 1, 1, :photo, 'approved', '2026-01-01', NULL),
        (2, 1, 1, :photo, 'rejected', '2026-01-01', NULL),
        (3, 1, 1, :photo, 'waiting', '2026-01-01', NULL),
        (4, 1, 1, :photo, 'i\u0307stanbul', '2026-01-01', '2026-01-02'),
        (5, 1, 1, :photo, 'istanbul', '2026-01-01', NULL)
"""
OLD_DECISIONS = """
    INSERT INTO new_hashtags (hashtag, status, first_at, decided_by, decided_at) VALUES
        ('approved', 'approved', '2026-01-01', 9, '2026-01-02'),
        ('rejected', 'rejected', '2026-01-01', 9, '2026-01-02'),
        ('waiting', 'pending', '2026-01-01', NULL, NULL)
"""


@pytest.fixture
async def upgraded(database: Database, new_photo: Callable[..., Awaitable[int]]) -> Database:
    """A database from before labels were one's own, brought up to date."""
    photo = await new_photo()
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        await connection.execute(text(OLD_LABELS), {"photo": photo})
        await connection.execute(text(OLD_DECISIONS))
        await upgrade(connection)
    return database


async def test_hashtags_that_were_approved_stay_everybodys_and_others_wait(
    upgraded: Database,
) -> None:
    async with upgraded.reading() as session:
        waiting = await moderation.pending(session)
        shared = await moderation.shared(session)
    assert {key for _, key in shared} == {"approved"}
    assert [item.hashtag for item in waiting.items] == ["waiting", "istanbul"]


async def test_hashtags_that_were_rejected_are_blocked(upgraded: Database) -> None:
    async with upgraded.reading() as session:
        assert await moderation.own_words(session) == {"rejected": False}


async def test_labels_whose_spellings_meet_now_become_one_and_keep_their_number(
    upgraded: Database,
) -> None:
    async with upgraded.reading() as session:
        mine = await labels.mine(session, 1)
    assert [item.label_id for item in mine.items] == [4, 3, 2, 1]


@on_sqlite
async def test_after_the_upgrade_no_label_gets_a_number_that_was_used(upgraded: Database) -> None:
    async with upgraded.engine.connect() as connection:
        table = await connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'labels'"))
    assert "AUTOINCREMENT" in str(table)


async def test_what_anonymous_admins_did_becomes_their_groups(database: Database) -> None:
    async with database.engine.begin() as connection:
        await downgrade(connection, "0005")
        await connection.execute(
            text(
                "INSERT INTO photos (id, average_hash, perceptual_hash, "
                "band_0, band_1, band_2, band_3, band_4, at) "
                "VALUES (1, 0, :hash, 0, 0, 0, 0, 0, '2026-01-01')"
            ),
            {"hash": b""},
        )
        for number, (chat, user) in enumerate(((-500, ANONYMOUS_ADMIN), (-500, 7), (7, 7))):
            await connection.execute(
                text(
                    "INSERT INTO sightings (chat_id, message_id, photo_id, user_id, media_group, "
                    "by_bot, at) VALUES (:chat, :number, 1, :user, 'album', false, '2026-01-01')"
                ),
                {"chat": chat, "number": number, "user": user},
            )
        await upgrade(connection, "0006")
        rows = await connection.execute(
            text("SELECT chat_id, user_id, topic_id FROM sightings ORDER BY message_id")
        )
        assert rows.all() == [(-500, -500, None), (-500, 7, None), (7, 7, None)]


async def test_labels_from_before_fine_tunings_were_noted_were_learnt_from_in_no_vain(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    photo = await new_photo()
    async with database.engine.begin() as connection:
        await downgrade(connection, "0009")
        await connection.execute(
            text(
                "INSERT INTO labels (id, user_id, chat_id, photo_id, hashtag, key, likely, at, "
                "learnt_in) VALUES (1, 1, 1, :photo, 'dog', 'dog', true, '2026-01-01', 'mine-2'), "
                "(2, 1, 1, :photo, 'cat', 'cat', true, '2026-01-01', NULL)"
            ),
            {"photo": photo},
        )
        await upgrade(connection)
    async with database.session() as session:
        counts = await training_labels.count(session, "net", ["mine-2"])
        assert (counts.learnt, counts.next_ids) == (1, (2,))
        # Nothing is told of versions from before.
        assert not await version_news.waits(session)
        await version_news.add(session, "mine-3", "promoted")
        assert [one.model for one in await version_news.take(session)] == ["mine-3"]


async def test_a_database_from_before_the_inbox_gets_an_empty_one(database: Database) -> None:
    async with database.engine.begin() as connection:
        await downgrade(connection, "0010")
        await upgrade(connection)
    async with database.session() as session:
        empty = inbox.NewUpdate("{}")
        assert await inbox.waiting(session, 1) == []
        assert await inbox.store(session, 1, {5: empty, 6: empty}) == {5, 6}
        await inbox.handled(session, 1, [5])
        assert await inbox.store(session, 1, {5: empty, 6: empty, 7: empty}) == {7}
        assert [one.update_id for one in await inbox.waiting(session, 1)] == [6, 7]
        assert await inbox.store(session, 2, {5: empty}) == {5}
