"""How the databases find what the bot asks of them: the plan of every query, in a full database.

    python -m tests.storage.plans 100000 sqlite:////tmp/plans.db
    python -m tests.storage.plans 100000 postgresql://me:secret@host/empty

fills an empty database with so many photos and five times as many labels, asks everything that the
bot asks while people chat, and prints each query's plan and how long it took.
"""

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import event, text

from recommenders.copies import Hashes
from storage import (
    Database,
    arrivals,
    channels,
    chats,
    feedback,
    forgetting,
    inbox,
    known_photos,
    labels,
    moderation,
    outbox,
    personal_data,
    recommendations,
    sightings,
    supergroups,
    training_labels,
    users,
    version_news,
)
from storage.blocklist import Blocklist
from storage.receipts import Receipt
from storage.recommendations import Asked
from storage.tables import OutgoingMessage, now

GROWING = frozenset(
    {
        *("photos", "cropped_photos", "photo_files", "photo_features", "sightings"),
        *("recommendations", "votes", "taken_out", "labels", "users", "chats"),
        *("label_decisions", "inbox", "handled_updates", "outbox"),
    }
)
"""Tables that grow with use."""

_PEOPLE = "(n % {people} + 1)"
_AT = "'2026-01-01 00:00:00.000000'"
_BANDS = ", ".join(f"n * {band + 3} % 8191" for band in range(5))
_ROWS = {
    "photos (average_hash, perceptual_hash, band_0, band_1, band_2, band_3, band_4, at)": (
        f"n * 7919, {{blob}}, {_BANDS}, {_AT}"
    ),
    "cropped_photos (photo_id, average_hash, perceptual_hash, "
    "band_0, band_1, band_2, band_3, band_4)": f"n, n * 7919, {{blob}}, {_BANDS}",
    "photo_files (file_unique_id, photo_id)": "'file' || n, n",
    "photo_features (photo_id, backbone, dims, vector)": "n, 'net', 16, {blob}",
    "users (id, first_seen, last_seen)": f"n, {_AT}, {_AT}",
    "chats (id, count)": "n, 10",
    "sightings (chat_id, message_id, photo_id, user_id, by_bot, at)": (
        f"{_PEOPLE}, n, n, {_PEOPLE}, false, {_AT}"
    ),
    "recommendations (photo_id, chat_id, message_id, backend, model, style, hashtags, length, "
    "elapsed_ms, duplicate, at)": (
        f"n, {_PEOPLE}, n, 'both', 'v1', 'balanced', '[[\"dog\", 0.5]]', 1, n % 997, false, {_AT}"
    ),
    "votes (recommendation_id, user_id, value, at)": f"n, {_PEOPLE}, 1, {_AT}",
    "label_decisions (photo_id, key, status, decided_by, decided_at)": (
        f"n, 'tag' || n % 5000, 'approved', {_PEOPLE}, {_AT}"
    ),
    "inbox (bot_id, update_id, chat_id, user_id, content, received_at)": (
        f"1, n, {_PEOPLE}, {_PEOPLE}, '{{{{}}}}', {_AT}"
    ),
    "handled_updates (bot_id, update_id, at)": f"1, -n, {_AT}",
    "outbox (bot_id, chat_id, user_id, text, answer_id, photo_ids, unsure, at)": (
        f"1, {_PEOPLE}, {_PEOPLE}, '#dog', n, '[1]', 0, {_AT}"
    ),
    "taken_out (recommendation_id, hashtag, user_id, at)": f"n, 'dog', {_PEOPLE}, {_AT}",
}
_LABELS = (
    "labels (user_id, chat_id, photo_id, hashtag, key, likely, at, learnt_in)",
    f"{_PEOPLE}, {_PEOPLE}, n % {{photos}} + 1, 'tag' || (n % 5000 + n / {{photos}} * 7), "
    f"'tag' || (n % 5000 + n / {{photos}} * 7), n % 2 = 0, {_AT}, "
    "CASE WHEN n % 1000 > 0 THEN 'v1' END",
)


async def fill(database: Database, photos: int) -> None:
    """Puts photos, answers and labels of made-up people in, by the database's own counting."""
    is_postgresql = database.engine.dialect.name == "postgresql"
    blob = "decode(repeat('00', 32), 'hex')" if is_postgresql else "zeroblob(32)"
    names: dict[str, Any] = {"photos": photos, "people": max(1, photos // 20), "blob": blob}
    async with database.session() as session:
        for (table, values), rows in [
            *((item, photos) for item in _ROWS.items()),
            (_LABELS, 5 * photos),
        ]:
            counting = (
                f"generate_series(1, CAST({rows} AS bigint)) AS numbers (n)"
                if is_postgresql
                else "(WITH RECURSIVE numbers (n) AS "
                f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) "
                "SELECT n FROM numbers)"
            )
            chosen = f"SELECT {values.format_map(names)} FROM {counting}"
            # The driver's own door: colons in here are text.
            connection = await session.connection()
            await connection.exec_driver_sql(f"INSERT INTO {table} {chosen}")
        await session.execute(text("ANALYZE"))


@dataclass(frozen=True)
class Query:
    """One query, as the driver got it, and how long it took."""

    what: str
    statement: str
    parameters: Any
    seconds: float


@contextmanager
def listening(database: Database, what: str, asked: list[Query]) -> Iterator[None]:
    engine = database.engine.sync_engine
    started: list[float] = []

    def before(*_: Any) -> None:
        started.append(time.perf_counter())

    def after(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        took = time.perf_counter() - started.pop()
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", statement):
            asked.append(Query(what, statement, parameters[0] if many else parameters, took))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


async def ask_everything(database: Database) -> list[Query]:
    """What is asked while people chat; /stats, /moderation and fine-tuning count all there is."""
    asked: list[Query] = []
    photo, person = 7, 8
    hashes = Hashes(7 * 7919, 0)

    async def ask(what: str, *calls: Any) -> None:
        async with database.session() as session:
            with listening(database, what, asked):
                for call in calls:
                    result = call(session)
                    if hasattr(result, "__anext__"):
                        async for _ in result:
                            pass
                    else:
                        await result

    here = {"chat_id": person, "topic_id": None, "user_id": person}
    way = Asked("both", "v1")
    await ask(
        "a photo comes",
        lambda s: arrivals.read(s, person, ["file7", "new"]),
        lambda s: known_photos.find_by_file(s, "file7"),
        lambda s: known_photos.sharing_a_band(s, [(hashes, False), (hashes, True)]),
        lambda s: known_photos.perceptual_hashes_and_colours(s, [7, 8]),
        lambda s: known_photos.features(s, photo, ["net"]),
        lambda s: known_photos.complete_features(s, [photo, 7], ["net", "other"]),
        lambda s: known_photos.features_of_several(s, [7, 8], "net", 16),
        lambda s: known_photos.remember(
            s, hashes=hashes, features={"net": np.ones(4)}, file_unique_id="new"
        ),
        lambda s: users.seen(s, person, "en"),
        lambda s: sightings.seen(s, chat_id=1, message_id=1, photo_id=photo, user_id=person),
    )
    await ask(
        "it is answered",
        lambda s: recommendations.previous(s, photo_id=photo, chat_id=person, asked=way),
        lambda s: feedback.unwanted(s, chat_id=person, photo_ids=[photo], first=5, meant=str),
        lambda s: recommendations.record(
            s, photo_id=photo, chat_id=person, asked=way, hashtags=[("dog", 0.5)], elapsed_ms=1
        ),
        lambda s: recommendations.set_message(s, photo, photo),
        lambda s: recommendations.of_message(s, person, photo),
        lambda s: sightings.of_message(s, person, photo),
        lambda s: sightings.shown_by(s, person, [photo], before=9),
    )
    outgoing = OutgoingMessage(
        bot_id=1,
        chat_id=person,
        text="#dog",
        answer_id=photo,
        photo_ids=[photo],
        unsure=1,
        at=now(),
    )
    sent = OutgoingMessage(id=6, photo_ids=[photo])
    await ask(
        "updates wait, and so do answers",
        lambda s: inbox.store(s, 2, {7: inbox.NewUpdate("{}", person, person)}),
        lambda s: inbox.handled(s, 2, [7]),
        lambda s: inbox.purge(s),
        lambda s: outbox.put(s, outgoing),
        lambda s: outbox.counted(s, 5, 1),
        lambda s: outbox.arrived(s, sent, Receipt(6, person, 4)),
        lambda s: outbox.drop(s, 5),
    )
    await ask("the last photo", lambda s: sightings.last_of(s, **here))
    await ask("the last answer to one", lambda s: recommendations.last_of(s, **here))
    await ask("the last answer", lambda s: recommendations.last_in_chat(s, person, photo))
    await ask(
        "hashtags are added and taken back",
        lambda s: labels.add(
            s,
            person=person,
            chat_id=person,
            photo_id=photo,
            hashtags={"dog": "dog"},
            blocklist=Blocklist([]),
            daily_limit=300,
        ),
        lambda s: labels.mine(s, person),
        lambda s: labels.remove(s, person, 5),
        lambda s: labels.photos_of(s, person),
        lambda s: labels.photos_in(s, person),
        lambda s: moderation.shared(s, moderation.Label.photo_id.in_([photo])),
        lambda s: moderation.own_words(s),
    )
    await ask("what is learnt at once", lambda s: training_labels.lessons(s, "net", [photo]))
    await ask("what waits to be learnt", lambda s: training_labels.untried(s, ["v1"], at_most=50))
    await ask("news of versions", lambda s: version_news.waits(s), lambda s: version_news.take(s))
    await ask(
        "buttons",
        lambda s: feedback.vote(s, recommendation_id=photo, user_id=person, value=1),
        lambda s: feedback.take_out(s, recommendation_id=photo, hashtag="x", user_id=person),
        lambda s: recommendations.extend(s, photo, [("cat", 0.1)], shown=2),
        lambda s: chats.change(s, person, count=5),
        lambda s: channels.adds_captions(s, person),
    )
    await ask(
        "an album, an old photo, a group that becomes a supergroup",
        lambda s: sightings.answered(s, chat_id=person, message_id=3, photo_ids=[7, 8]),
        lambda s: known_photos.add_hashes(s, photo, hashes),
        lambda s: users.languages(s, [person]),
        lambda s: feedback.vote_of(s, recommendation_id=photo, user_id=person),
        lambda s: feedback.put_back(s, recommendation_id=photo, hashtag="x"),
        lambda s: training_labels.unmark_learnt(s, "v0"),
        lambda s: supergroups.move(s, 11, -1_000_000_011),
    )
    await ask("/mydata", lambda s: personal_data.stored(s, person))
    await ask("/mydata, the file", lambda s: personal_data.export(s, person))
    with listening(database, "/forget", asked):
        await forgetting.forget(database, person)
    return asked


async def plan(database: Database, asked: Query, *, by_index: bool = False) -> str:
    """The database's plan. ``by_index``: small tables, too, are scanned only where nothing else
    would do (PostgreSQL; SQLite never considers how small one is)."""
    is_postgresql = database.engine.dialect.name == "postgresql"
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
    async with database.engine.connect() as connection:
        if is_postgresql and by_index:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = await connection.exec_driver_sql(f"{explain} {asked.statement}", asked.parameters)
        return "\n".join(str(row[-1]) for row in rows)


def scanned(plan: str) -> set[str]:
    """Which growing tables a plan reads from one end to the other."""
    found = re.findall(r"Seq Scan on (\w+)|^SCAN (\w+?)(?:_\d+)?\b", plan, re.MULTILINE)
    return {name for pair in found for name in pair} & GROWING


async def main(photos: int, url: str) -> None:
    database = await Database.open(url)
    started = time.perf_counter()
    await fill(database, photos)
    print(f"{photos:,} photos, {5 * photos:,} labels: {time.perf_counter() - started:.1f} s")
    for one in await ask_everything(database):
        steps = await plan(database, one)
        flat = " ".join(one.statement.split())
        mark = f"SCANS {scanned(steps)}" if scanned(steps) else "ok"
        print(f"\n{one.what}: {one.seconds * 1000:.1f} ms, {mark}\n  {flat[:300]}")
        print("\n".join(f"    {line}" for line in steps.splitlines()))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
