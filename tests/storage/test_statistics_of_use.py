from collections.abc import Awaitable, Callable

from storage import Database, blocklist, feedback, labels, recommendations, statistics, users
from storage.recommendations import Asked
from storage.statistics import BackendStatistics

NewPhoto = Callable[..., Awaitable[int]]


async def test_a_database_without_anything_counts_nothing(database: Database) -> None:
    async with database.reading() as session:
        figures = await statistics.collect(session)
    assert (figures.users, figures.photos, figures.labels) == (0, 0, 0)
    assert figures.backends == {}


async def test_everything_is_counted_by_backend(database: Database, new_photo: NewPhoto) -> None:
    photo = await new_photo()
    await new_photo()
    async with database.session() as session:
        for user in (1, 2, 1):
            await users.seen(session, user, "ru")

        async def answer(backend: str, elapsed_ms: float, duplicate: bool = False) -> int:
            return await recommendations.record(
                session,
                photo_id=photo,
                chat_id=1,
                asked=Asked(backend, "m"),
                hashtags=[("dog", 1.0)],
                elapsed_ms=elapsed_ms,
                duplicate=duplicate,
            )

        answers = [await answer("als", float(number)) for number in range(100, 0, -1)]
        await answer("als", 0.1, duplicate=True)
        replayed = await answer("w2v", 7.0, duplicate=True)
        for user, value in ((1, 1), (2, 1), (3, -1)):
            await feedback.vote(session, recommendation_id=answers[0], user_id=user, value=value)
        await feedback.vote(session, recommendation_id=replayed, user_id=1, value=-1)
        await labels.add(
            session,
            person=1,
            chat_id=1,
            photo_id=photo,
            hashtags={"a": "a", "b": "b"},
            blocklist=blocklist.in_force({}),
        )
        await labels.remove(session, 1, (await labels.mine(session, 1)).items[0].label_id)
    async with database.reading() as session:
        figures = await statistics.collect(session)
    assert (figures.users, figures.photos, figures.labels) == (2, 2, 1)
    assert figures.duplicates == 2
    assert figures.backends == {
        "als": BackendStatistics(answers=101, up=2, down=1, median_ms=50.0, p95_ms=95.0),
        "w2v": BackendStatistics(answers=1, up=0, down=1, median_ms=None, p95_ms=None),
    }
