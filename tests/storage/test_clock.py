"""A clock that is set back revives nothing, and hides nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from storage import Database, recommendations
from storage.recommendations import Asked
from storage.tables import Recommendation

WAY: dict[str, Any] = {"chat_id": 1, "asked": Asked("als", "starter-1")}


async def test_an_answer_from_before_the_clock_was_set_back_is_not_repeated(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    photo = await new_photo()
    for tag in ("old", "new"):
        async with database.session() as session:
            ahead = update(Recommendation).values(at=datetime.now(UTC) + timedelta(days=3))
            await session.execute(ahead)
            assert await recommendations.previous(session, photo_id=photo, **WAY) is None
            await recommendations.record(
                session, photo_id=photo, hashtags=[(tag, 0.5)], elapsed_ms=1, **WAY
            )
    async with database.reading() as session:
        assert await recommendations.previous(session, photo_id=photo, **WAY) == [("new", 0.5)]


async def test_of_a_messages_answers_the_one_shown_again_is_first_until_it_gets_a_new_one(
    database: Database, new_photo: Callable[..., Awaitable[int]]
) -> None:
    photo, ahead = await new_photo(), datetime.now(UTC) + timedelta(days=1)
    als = await answered(database, photo, "als", at=ahead)
    w2v = await answered(database, photo, "w2v", at=ahead)
    for again in (als, w2v, als):
        await show_again(database, again)
        assert await shown(database, photo) == again
    both = await answered(database, photo, "both")
    assert await shown(database, photo) == both
    # What an older message goes back to is not what the chat was shown last.
    newest = await answered(database, await new_photo(), "als", message_id=78)
    await show_again(database, als)
    assert await shown(database, photo) == als
    async with database.reading() as session:
        last = await recommendations.last_in_chat(session, 1)
    assert last is not None and last.id == newest


async def answered(database: Database, photo: int, backend: str, **columns: Any) -> int:
    """Records an answer that message 77 shows."""
    row = WAY | {"asked": replace(WAY["asked"], backend=backend), "message_id": 77} | columns
    async with database.session() as session:
        return await recommendations.record(
            session, photo_id=photo, hashtags=[("new", 0.5)], elapsed_ms=1, **row
        )


async def show_again(database: Database, answer_id: int) -> None:
    async with database.session() as session:
        answer = await recommendations.get(session, answer_id)
        assert answer is not None
        await recommendations.show_again(session, answer)


async def shown(database: Database, photo: int) -> int:
    """The answer that message 77 shows, which is also the last one about its photo."""
    async with database.reading() as session:
        first, *_ = await recommendations.of_message(session, 1, 77)
        last = await recommendations.last_in_chat(session, 1, photo)
    assert last is not None and last.id == first.id
    return first.id
