"""An update is one replica's, a chat's are in order, the dead have heirs."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from sqlalchemy import func, select, update

from bot.chat.rate_limits import RateLimits
from recommenders.copies import Hashes
from storage import (
    Database,
    changes,
    inbox,
    known_photos,
    labels,
    moderation,
    outbox,
    rate_buckets,
    replicas,
    users,
)
from storage.blocklist import Blocklist
from storage.replica_tables import ChatAtWork, Replica
from storage.tables import LabelDecision, OutgoingMessage, WaitingUpdate, now
from tests.storage.dialects import on_postgresql
from tests.storage.locks import somebody_waits
from tests.storage.plans import Query, listening

BOT = 42
ANN, BEN = 1, 2
pytestmark = on_postgresql


async def stored(database: Database, *update_ids: int, chat: int = ANN) -> None:
    async with database.session() as session:
        update = inbox.NewUpdate("{}", chat)
        await replicas.store(session, BOT, dict.fromkeys(update_ids, update))


async def claimed(database: Database, replica: int, *chats: int, dead: bool = True) -> set[int]:
    async with database.session() as session:
        return await replicas.claim(session, BOT, replica, chats, of_the_dead=dead)


async def alive(database: Database, *numbers: int) -> None:
    async with database.session() as session:
        for number in numbers:
            await replicas.renew(session, number, BOT, [])


async def dies(database: Database, number: int) -> None:
    async with database.session() as session:
        dead = update(Replica).where(Replica.number == number)
        await session.execute(dead.values(until=func.clock_timestamp()))


async def to_claim(database: Database, replica: int, *besides: int) -> list[int]:
    async with database.reading() as session:
        return await replicas.to_claim(session, BOT, replica, besides, of_the_dead=True)


async def waiting(database: Database) -> list[int]:
    async with database.reading() as session:
        rows = await replicas.waiting(session, BOT, [ANN, BEN], ())
    return [row.update_id for row in rows]


async def test_a_chat_is_one_replicas_until_that_one_dies(database: Database) -> None:
    await alive(database, 1, 2)
    await stored(database, 12, 11)
    assert await claimed(database, 1, ANN, BEN) == {ANN, BEN}
    assert await claimed(database, 2, ANN, BEN) == set()
    assert await claimed(database, 1, ANN) == {ANN}
    assert (await to_claim(database, 1), await to_claim(database, 2)) == ([ANN], [])
    assert await to_claim(database, 1, 11, 12) == []  # which it is at
    await dies(database, 1)
    assert await claimed(database, 2, ANN, dead=False) == set()
    assert await to_claim(database, 2) == [ANN]
    assert await claimed(database, 2, ANN) == {ANN}
    assert await waiting(database) == [11, 12]


async def test_chats_that_wait_longest_are_taken_first_and_not_all_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "CHATS_AT_ONCE", 2)
    for update_id, chat in enumerate((9, 4, 9, 7, 1)):
        await stored(database, update_id, chat=chat)
    assert await to_claim(database, 1) == [9, 4]
    assert await to_claim(database, 1, 0, 2) == [4, 7]


async def test_ten_thousand_chats_are_claimed_and_renewed_in_a_few_statements(
    database: Database,
) -> None:
    chats, asked = range(10_000), list[Query]()
    await alive(database, 1, 2)
    assert await claimed(database, 2, 3) == {3}
    with listening(database, "a lease", asked):
        for first in range(0, len(chats), replicas.CHATS_AT_ONCE):
            some = chats[first : first + replicas.CHATS_AT_ONCE]
            assert await claimed(database, 1, *some) == {*some} - {3}
        soon = func.clock_timestamp() + replicas.STAYS / 4
        async with database.session() as session:
            await session.execute(update(ChatAtWork).values(until=soon))
            await replicas.renew(session, 1, BOT, chats)
            later = select(func.count()).where(ChatAtWork.until > soon)
            assert await session.scalar(later) == len(chats) - 1
    assert len(asked) <= 24


async def test_a_replica_that_leaves_gives_its_chats_to_others_at_once(database: Database) -> None:
    await alive(database, 1, 2)
    assert await claimed(database, 1, ANN) == {ANN}
    async with database.session() as session:
        await replicas.leave(session, 1)
    assert await claimed(database, 2, ANN, dead=False) == {ANN}


async def test_many_that_claim_a_chat_at_once_do_not_all_get_it(database: Database) -> None:
    numbers = range(1, 11)
    await alive(database, *numbers)
    got = await asyncio.gather(*(claimed(database, one, ANN, BEN) for one in numbers))
    assert sorted(chat for chats in got for chat in chats) == [ANN, BEN]


async def test_an_update_that_was_handled_is_never_stored_again(database: Database) -> None:
    """Whatever comes between: it is stored, handled and stored again by many at once."""
    chance = random.Random(0)

    async def delivered() -> int:
        await asyncio.sleep(chance.uniform(0, 0.05))
        await stored(database, 5)
        async with database.session() as session:
            # As a replica that handles it in no time.
            there = await session.scalar(select(WaitingUpdate.id).with_for_update())
            if there is not None:
                await inbox.handled(session, BOT, [5])
        return there is not None

    handled = await asyncio.gather(*(delivered() for _ in range(12)))
    assert sum(handled) == 1
    assert await waiting(database) == []


async def test_changes_are_read_by_the_others_and_none_is_passed_over(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.session() as session:
            changes.note(session, "photos", [number])
            await asyncio.sleep(0.001 * (number % 5))

    read: list[int] = []

    async def follow() -> None:
        last = 0
        while len(read) < 30:
            async with database.reading() as session:
                last, news = await changes.after(session, last, replica=0)
            read.extend(photo for one in news for photo in one.numbers)
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(30)))
    async with asyncio.timeout(20):
        await following
    assert sorted(read) == list(range(30))


async def test_of_its_own_changes_a_replica_reads_those_of_photos_again(database: Database) -> None:
    async with database.session() as session:
        changes.note(session, "photos", [7])
        changes.note(session, "forgotten", [ANN])
        changes.note(session, "block_list")
    async with database.reading() as session:
        last, news = await changes.after(session, 0, database.number)
    assert (last, [one.kind for one in news]) == (await newest(database), ["photos"])


async def newest(database: Database) -> int:
    async with database.reading() as session:
        return await changes.newest(session)


async def test_what_a_session_did_not_keep_is_no_change(database: Database) -> None:
    with pytest.raises(ValueError, match="no"):
        async with database.session() as session:
            changes.note(session, "photos", [1])
            raise ValueError("no")
    assert await newest(database) == 0


async def test_a_notice_is_heard_and_a_lost_connection_is_told(database: Database) -> None:
    heard = asyncio.Event()
    listening = asyncio.create_task(database.listen({changes.CHANNEL: heard.set}))
    async with asyncio.timeout(20):
        for _ in range(2):  # the first is for the beginning
            await heard.wait()
            heard.clear()
            async with database.session() as session:
                changes.note(session, "block_list")
        async with database.reading() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
            others += "pg_backend_pid() AND datname = current_database()"
            await (await session.connection()).exec_driver_sql(others)
        with pytest.raises(Exception, match="cannot be reached"):
            await listening


async def test_only_one_is_at_what_one_alone_may_do(database: Database) -> None:
    async with (
        database.alone("purging") as first,
        database.alone("purging") as second,
        database.alone("learning") as other,
    ):
        assert (first, second, other) == (True, False, True)
    async with database.alone("purging") as again:
        assert again


async def test_what_the_dead_have_not_sent_is_sent_by_one_heir(database: Database) -> None:
    await alive(database, 1, 2, 3)
    async with database.session() as session:
        for text in ("first", "second"):
            message = OutgoingMessage(bot_id=BOT, chat_id=ANN, text=text, photo_ids=[])
            message.replica, message.unsure, message.at = 1, 0, now()
            await outbox.put(session, message)

    async def heir(replica: int) -> list[str]:
        async with database.session() as session:
            row_ids = await replicas.to_inherit(session, BOT, replica, of_the_dead=True)
            return [one.text for one in await replicas.inherit(session, replica, row_ids)]

    assert await heir(2) == []
    await dies(database, 1)
    inherited = await asyncio.gather(heir(2), heir(3))
    assert sorted(inherited) == [[], ["first", "second"]]
    async with database.session() as session:
        assert not await outbox.counted(session, 1, 1, replica=1)  # should it still be alive


async def test_of_two_admins_at_once_the_firsts_word_holds(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    photo = await new_photo()
    async with database.session() as session:
        await labels.add(
            session,
            person=ANN,
            chat_id=ANN,
            photo_id=photo,
            hashtags={"dog": "dog"},
            blocklist=Blocklist([]),
        )
    first = asyncio.Event()

    async def decide(status: moderation.Status, admin: int, *, wait: bool) -> list[str]:
        async with database.session() as session:
            decided = await moderation.decide(session, [1], status, admin)
            first.set()
            if wait:  # until the other waits, too
                await somebody_waits(database)
        return [one.hashtag for one in decided]

    approving = asyncio.create_task(decide("approved", 7, wait=True))
    await first.wait()
    assert await decide("rejected", 8, wait=False) == []
    assert await approving == ["dog"]
    async with database.reading() as session:
        decision = await session.get(LabelDecision, (photo, "dog"))
        assert decision is not None and decision.status == "approved"


async def test_a_person_in_two_chats_at_once_gives_no_more_hashtags_a_day(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    photos = [await new_photo() for _ in range(6)]

    async def teach(number: int, photo: int) -> int:
        async with database.session() as session:
            await users.seen(session, ANN)  # as whoever teaches
            outcome = await labels.add(
                session,
                person=ANN,
                chat_id=number,
                photo_id=photo,
                hashtags={"dog": "dog"},
                blocklist=Blocklist([]),
                daily_limit=3,
            )
        return len(outcome.added)

    added = await asyncio.gather(*(teach(number, one) for number, one in enumerate(photos)))
    assert sum(added) == 3


async def test_copies_that_come_at_once_are_one_photo(database: Database) -> None:
    async def arrives(number: int) -> int:
        hashes = Hashes(0x123456789ABCDEF0 ^ 1 << number, 6)
        async with database.session() as session:
            await known_photos.one_at_a_time(session, [hashes])
            [near] = await known_photos.sharing_a_band(session, [(hashes, False)])
            if near:
                return next(iter(near))
            features = {"net": np.ones(4, np.float32)}
            return await known_photos.remember(session, hashes=hashes, features=features)

    assert len(set(await asyncio.gather(*map(arrives, range(8))))) == 1


async def test_all_replicas_fill_and_empty_one_bucket(database: Database) -> None:
    own = RateLimits(4)

    async def verdict(at: float) -> str:
        async with database.session() as session:
            return await rate_buckets.take(session, "a", ANN, at, 4.0)

    for at in (0, 0, 0, 0, 1, 1, 20, 20, 90, 90, 90, 90, 90, 90, 5):
        assert await verdict(at) == own.verdict("a", ANN, at), at
    at_once = await asyncio.gather(*(verdict(1_000.0) for _ in range(9)))
    assert sorted(at_once) == [*["passes"] * 4, *["silent"] * 4, "too_fast"]
