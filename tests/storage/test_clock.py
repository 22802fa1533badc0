"""A clock that is set back revives nothing."""

from collections.abc import Awaitable, Callable
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
