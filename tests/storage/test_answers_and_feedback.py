import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from storage import Database, feedback, labels, recommendations
from storage.feedback import Thumbs

NewPhoto = Callable[..., Awaitable[int]]
TEN = [(f"tag{number}", 1 - number / 10) for number in range(10)]


async def answer(database: Database, photo: int, **changes: object) -> int:
    given = {
        "photo_id": photo,
        "chat_id": 1,
        "backend": "als",
        "model": "starter-1",
        "style": "balanced",
        "hashtags": TEN,
        "elapsed_ms": 30.5,
    }
    async with database.session() as session:
        return await recommendations.record(session, **(given | changes))  # type: ignore[arg-type]


async def previous(
    database: Database, photo: int, **changes: object
) -> list[tuple[str, float]] | None:
    wanted = {"photo_id": photo, "backend": "als", "model": "starter-1", "style": "balanced"}
    async with database.reading() as session:
        return await recommendations.previous(session, **(wanted | changes))  # type: ignore[arg-type]


async def test_a_known_photo_gets_its_earlier_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    assert await previous(database, photo, count=10) == TEN
    newer = [("кошка", 0.9), ("猫", 0.8)]
    await answer(database, photo, hashtags=newer)
    assert await previous(database, photo) == newer


@pytest.mark.parametrize(
    "other",
    [
        {"backend": "w2v"},
        {"model": "m-2"},
        {"style": "popular"},
        {"mix": "even"},
        {"count": 11},
    ],
)
async def test_an_answer_of_another_kind_is_no_answer(
    database: Database, new_photo: NewPhoto, other: dict[str, object]
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, **other) is None
    assert await previous(database, await new_photo()) is None


async def test_a_short_answer_does_not_hide_a_long_one(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    await answer(database, photo, hashtags=TEN[:5])
    assert await previous(database, photo, count=10) == TEN


async def test_an_answer_from_before_something_was_learnt_no_longer_counts(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, since=datetime.now(UTC) - timedelta(hours=1)) == TEN
    assert await previous(database, photo, since=datetime.now(UTC)) is None


async def test_labels_given_or_taken_back_make_an_answer_out_of_date(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await answer(database, photo)
    await answer(database, other)
    async with database.session() as session:
        await labels.add(
            session, user_id=1, chat_id=1, photo_id=photo, hashtags=["dog"], vocabulary={"dog"}
        )
    assert await previous(database, photo) is None
    assert await previous(database, other) == TEN
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    async with database.session() as session:
        await labels.remove(session, 1, "dog")
    assert await previous(database, photo) is None


async def test_the_message_that_shows_answers_leads_to_them(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    first = await answer(database, photo)
    second = await answer(database, photo, backend="w2v", duplicate=True)
    async with database.session() as session:
        await recommendations.set_message(session, first, 77)
        await recommendations.set_message(session, second, 77)
        await recommendations.set_message(session, 404, 78)
    async with database.reading() as session:
        shown = await recommendations.of_message(session, 1, 77)
        assert [given.id for given in shown] == [second, first]
        assert shown[0].backend == "w2v" and shown[0].duplicate and not shown[1].duplicate
        assert shown[1] == await recommendations.get(session, first)
        assert shown[1].hashtags == [list(scored) for scored in TEN] and shown[1].at.tzinfo is UTC
        assert await recommendations.of_message(session, 2, 77) == []
        assert await recommendations.get(session, 404) is None


async def test_more_hashtags_stand_below_those_of_an_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    first = await answer(database, photo)
    async with database.session() as session:
        await recommendations.extend(session, first, [("猫", 0.5)])
        await recommendations.extend(session, 404, [("猫", 0.5)])
    assert await previous(database, photo, count=11) == [*TEN, ("猫", 0.5)]


async def test_an_answer_to_an_album_is_not_repeated_for_its_first_photo(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo, album=True)
    assert await previous(database, photo) is None


async def test_one_user_has_one_thumb_and_may_change_it(
    database: Database, new_photo: NewPhoto
) -> None:
    given = await answer(database, await new_photo())

    async def vote(user: int, value: int) -> Thumbs:
        async with database.session() as session:
            return await feedback.vote(session, recommendation_id=given, user_id=user, value=value)

    assert await vote(1, 1) == Thumbs(up=1, down=0)
    assert await vote(1, 1) == Thumbs(up=1, down=0)
    assert await vote(2, 1) == Thumbs(up=2, down=0)
    assert await vote(1, -1) == Thumbs(up=1, down=1)
    assert await vote(1, 0) == Thumbs(up=1, down=0)
    await asyncio.gather(*(vote(3, value) for value in (1, -1, 1, -1)))
    async with database.reading() as session:
        assert sum((await feedback.thumbs(session, given)).__dict__.values()) == 2


async def test_a_thumb_for_nothing_is_refused(database: Database, new_photo: NewPhoto) -> None:
    with pytest.raises(KeyError):
        async with database.session() as session:
            await feedback.vote(session, recommendation_id=404, user_id=1, value=1)
    given = await answer(database, await new_photo())
    with pytest.raises(ValueError, match="thumb"):
        async with database.session() as session:
            await feedback.vote(session, recommendation_id=given, user_id=1, value=5)
