"""The time for database reads and writes of a photo, before and after its reply."""

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from bot.benchmark.rows import Clock, Row
from bot.chat.photo_lookup import find_copy
from recommenders.arrays import Floats
from recommenders.backbones.registry import dims
from recommenders.copies import COLOUR_BYTES, MAX_DISTANCE, PERCEPTUAL_BYTES, Hashes
from recommenders.engine import Engine
from storage import known_photos, recommendations, sightings, users
from storage.database import Database
from storage.recommendations import Asked

SECTION = "answering"

_CHAT = 1_000
_HASHTAGS = [(f"hashtag{number}", 0.5) for number in range(10)]


def measure(engine: Engine, folder: Path, rounds: int, stored: int) -> list[Row]:
    """Rows for a new photo and for one that was sent before.

    Args:
        folder: where the databases are created.
        stored: how many photos they hold beforehand.
    """
    return asyncio.run(_measured(engine, folder, rounds, stored))


async def _measured(engine: Engine, folder: Path, rounds: int, stored: int) -> list[Row]:
    database = await Database.open(f"sqlite+aiosqlite:///{folder}/bot.db")
    plain = PlainStorage(folder / "plain.db")
    draw = np.random.default_rng(0)
    backbone = engine.confirm_backbone
    new, again, plainly = Clock(), Clock(), Clock()

    def drawn() -> tuple[Hashes, dict[str, Floats]]:
        return _hashes(draw), {backbone: draw.random(dims(backbone), np.float32)}

    try:
        async with database.session() as session:
            for _ in range(stored):
                hashes, features = drawn()
                await known_photos.remember(session, hashes=hashes, features=features)
                plain.store(hashes, features[backbone])
        plain.commit()
        for number in range(rounds):
            hashes, features = drawn()
            with new.running():
                await _new(database, engine, number, hashes, features)
            with again.running():
                await _again(database, engine, number)
            with plainly.running():
                plain.answer(hashes, features[backbone])
    finally:
        plain.close()
        await database.close()
    note = f"beside {stored:,} photos"
    return [
        Row(SECTION, "storage, a new photo", "ms", new.figure, plainly.figure, note),
        Row(SECTION, "storage, a photo sent again", "ms", again.figure, plainly.figure, note),
    ]


async def _new(
    database: Database,
    engine: Engine,
    number: int,
    hashes: Hashes,
    features: Mapping[str, Floats],
) -> None:
    """As the bot does: one reading and one writing session before the reply, one after it."""
    async with database.reading() as session:
        await known_photos.find_by_file(session, f"file{number}")
    async with database.session(confirmed=False) as session:
        backbone = engine.confirm_backbone
        photo_id = await find_copy(session, hashes, backbone, features[backbone])
        if photo_id is None:
            photo_id = await known_photos.remember(
                session, hashes=hashes, features=features, file_unique_id=f"file{number}"
            )
        answer_id = await _recorded(session, engine, 2 * number, photo_id, duplicate=False)
    await _sent(database, 2 * number, photo_id, answer_id)


async def _again(database: Database, engine: Engine, number: int) -> None:
    async with database.reading() as session:
        photo_id = await known_photos.find_by_file(session, f"file{number}")
        assert photo_id is not None
        await known_photos.features(session, photo_id, [engine.confirm_backbone])
        await recommendations.previous(
            session, photo_id=photo_id, chat_id=_CHAT, asked=_asked(engine), count=len(_HASHTAGS)
        )
    async with database.session(confirmed=False) as session:
        answer_id = await _recorded(session, engine, 2 * number + 1, photo_id, duplicate=True)
    await _sent(database, 2 * number + 1, photo_id, answer_id)


def _asked(engine: Engine) -> Asked:
    return Asked(engine.default_backend, engine.model)


async def _recorded(
    session: AsyncSession, engine: Engine, message_id: int, photo_id: int, *, duplicate: bool
) -> int:
    await sightings.seen(
        session, chat_id=_CHAT, message_id=2 * message_id, photo_id=photo_id, user_id=_CHAT
    )
    await users.seen(session, _CHAT, "en")
    return await recommendations.record(
        session,
        photo_id=photo_id,
        chat_id=_CHAT,
        asked=_asked(engine),
        hashtags=_HASHTAGS,
        elapsed_ms=1.0,
        duplicate=duplicate,
    )


async def _sent(database: Database, message_id: int, photo_id: int, answer_id: int) -> None:
    reply = 2 * message_id + 1
    async with database.session(confirmed=False) as session:
        await recommendations.set_message(session, answer_id, reply)
        await sightings.answered(session, chat_id=_CHAT, message_id=reply, photo_ids=[photo_id])


def _hashes(draw: np.random.Generator) -> Hashes:
    def view(cropped: Hashes | None) -> Hashes:
        perceptual = int.from_bytes(draw.bytes(PERCEPTUAL_BYTES), "big")
        average = int(draw.integers(0, 2**64, dtype=np.uint64))
        return Hashes(average, perceptual, draw.bytes(COLOUR_BYTES), cropped)

    return view(view(None))


class PlainStorage:
    """The plain way: SQLite's defaults, and a scan of all photos' hashes for a copy."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file)
        self._connection.execute(
            "CREATE TABLE photos (id INTEGER PRIMARY KEY, hash BLOB, features BLOB, tags TEXT)"
        )

    def answer(self, hashes: Hashes, features: Floats) -> None:
        """Looks one photo up, and stores it with its answer if it is new."""
        rows = self._connection.execute("SELECT id, hash FROM photos").fetchall()
        copies = [
            number
            for number, other in rows
            if (int.from_bytes(other, "big") ^ hashes.average).bit_count() <= MAX_DISTANCE
        ]
        if not copies:
            self.store(hashes, features)
        self.commit()

    def store(self, hashes: Hashes, features: Floats) -> None:
        tags = " ".join(tag for tag, _ in _HASHTAGS)
        row = (hashes.average.to_bytes(8, "big"), features.tobytes(), tags)
        self._connection.execute("INSERT INTO photos (hash, features, tags) VALUES (?, ?, ?)", row)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()
