"""Records answers, labels their photos, takes hashtags out of them, and reads them."""

from collections.abc import Awaitable, Callable
from typing import Any

from storage import Database, blocklist, feedback, labels, recommendations
from storage.recommendations import Asked
from storage.tables import Recommendation

NewPhoto = Callable[..., Awaitable[int]]
TEN = [(f"tag{number}", 1 - number / 10) for number in range(10)]
ASKED = Asked("als", "starter-1")


async def answer(database: Database, photo: int, asked: Asked = ASKED, **changes: Any) -> int:
    fields: dict[str, Any] = {"chat_id": 1, "hashtags": TEN, "elapsed_ms": 30.5} | changes
    async with database.session() as session:
        return await recommendations.record(session, photo_id=photo, asked=asked, **fields)


async def stored(database: Database, number: int) -> Recommendation:
    async with database.reading() as session:
        answer = await recommendations.get(session, number)
    assert answer is not None
    return answer


async def extend(database: Database, number: int, *hashtags: str, shown: int) -> None:
    async with database.session() as session:
        scored = [(tag, 0.5) for tag in hashtags]
        await recommendations.extend(session, number, scored, shown=shown)


async def add_label(
    database: Database, photo: int, person: int = 1, chat: int = 1, tag: str = "dog"
) -> None:
    async with database.session() as session:
        await labels.add(
            session,
            person=person,
            chat_id=chat,
            photo_id=photo,
            hashtags={tag: tag},
            blocklist=blocklist.in_force({}),
        )


async def take_out(database: Database, number: int, *hashtags: str, user: int = 1) -> None:
    async with database.session() as session:
        for tag in hashtags:
            await feedback.take_out(session, recommendation_id=number, hashtag=tag, user_id=user)
