"""What is stored of a message: how often it went out, and where it arrived."""

from collections.abc import Awaitable, Callable

from storage import Database, outbox, recommendations, sightings
from storage.receipts import Receipt
from storage.recommendations import Asked
from storage.tables import OutgoingMessage, now

NewPhoto = Callable[..., Awaitable[int]]
CHAT, GONE = 1, 10**6


async def put(database: Database, replica: int | None = None, **about: object) -> OutgoingMessage:
    message = OutgoingMessage(
        bot_id=7, chat_id=CHAT, text="#dog", replica=replica, unsure=0, at=now(), **about
    )
    async with database.session() as session:
        await outbox.put(session, message)
    return message


async def arrives(database: Database, message: OutgoingMessage, message_id: int) -> list[int]:
    """The photos that the message is about, once it is in its chat under a number."""
    async with database.session() as session:
        await outbox.arrived(session, message, Receipt(message.id, CHAT, message_id))
    async with database.reading() as session:
        return await sightings.of_message(session, CHAT, message_id)


async def answered(database: Database, photo: int) -> int:
    """The id of a photo's answer."""
    async with database.session() as session:
        return await recommendations.record(
            session,
            photo_id=photo,
            chat_id=CHAT,
            asked=Asked("als", "starter-1"),
            hashtags=[("dog", 0.9)],
            elapsed_ms=1,
        )


async def test_the_answer_and_the_photos_know_the_message_that_arrived_first(
    database: Database, photo: int
) -> None:
    answer_id = await answered(database, photo)
    message = await put(database, answer_id=answer_id, photo_ids=[photo])
    assert await arrives(database, message, 31) == [photo]
    assert await arrives(database, message, 32) == []  # its row was gone
    async with database.reading() as session:
        answer = await recommendations.get(session, answer_id)
        assert answer is not None and answer.message_id == 31
        assert await outbox.waiting(session, 7) == []


async def test_photos_that_are_gone_meanwhile_are_passed_over(
    database: Database, new_photo: NewPhoto
) -> None:
    photos = [await new_photo(), await new_photo()]
    assert await arrives(database, await put(database, photo_ids=[GONE]), 31) == []
    album = await put(database, photo_ids=[photos[0], GONE, photos[1]])
    assert await arrives(database, album, 32) == photos
    answer_id = await answered(database, photos[0])
    of_two = await put(database, answer_id=answer_id, photo_ids=[photos[0], GONE])
    assert await arrives(database, of_two, 33) == photos[:1]


async def test_a_message_is_counted_by_the_replica_that_sends_it_until_it_is_dropped(
    database: Database,
) -> None:
    message = await put(database, replica=5, photo_ids=[])
    async with database.session() as session:
        assert await outbox.counted(session, message.id, 1, replica=5)
        assert not await outbox.counted(session, message.id, 1, replica=6)
        assert await outbox.counted(session, message.id, 1)
    async with database.reading() as session:
        assert [one.unsure for one in await outbox.waiting(session, 7)] == [2]
        assert await outbox.waiting(session, 8) == []
    async with database.session() as session:
        assert await outbox.drop(session, message.id)
        assert not await outbox.drop(session, message.id)
        assert not await outbox.counted(session, message.id, 1)


async def test_messages_wait_in_the_order_in_which_they_were_stored(database: Database) -> None:
    ids = [(await put(database, photo_ids=[])).id for _ in range(3)]
    async with database.session() as session:
        await outbox.counted(session, ids[0], 1)  # PostgreSQL moves a row that is changed
    async with database.reading() as session:
        assert [one.id for one in await outbox.waiting(session, 7)] == ids
