import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage import Database, blocklist, feedback, labels, recommendations, sightings
from storage.feedback import Thumbs
from storage.recommendations import Asked
from storage.tables import Recommendation

NewPhoto = Callable[..., Awaitable[int]]
TEN = [(f"tag{number}", 1 - number / 10) for number in range(10)]


ASKED = Asked("als", "starter-1")


async def answer(database: Database, photo: int, asked: Asked = ASKED, **changes: Any) -> int:
    fields: dict[str, Any] = {"chat_id": 1, "hashtags": TEN, "elapsed_ms": 30.5} | changes
    async with database.session() as session:
        return await recommendations.record(session, photo_id=photo, asked=asked, **fields)


async def previous(
    database: Database, photo: int, asked: Asked = ASKED, **changes: Any
) -> list[tuple[str, float]] | None:
    fields: dict[str, Any] = {"chat_id": 1} | changes
    async with database.reading() as session:
        return await recommendations.previous(session, photo_id=photo, asked=asked, **fields)


async def test_a_known_photo_gets_its_earlier_answer(database: Database, photo: int) -> None:
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    assert await previous(database, photo, count=10) == TEN


async def test_an_answer_from_before_there_were_languages_is_english(
    database: Database, photo: int
) -> None:
    await answer(database, photo)
    async with database.session() as session:
        await session.execute(update(Recommendation).values(language=None))
    assert await previous(database, photo, replace(ASKED, language="en")) == TEN
    assert await previous(database, photo, replace(ASKED, language="both")) is None


async def test_an_answer_to_a_photo_with_a_caption_is_for_that_caption_alone(
    database: Database, photo: int
) -> None:
    await answer(database, photo, replace(ASKED, words=("bird", "snow")))
    assert await previous(database, photo) is None
    assert await previous(database, photo, replace(ASKED, words=("bird",))) is None
    assert await previous(database, photo, replace(ASKED, words=("bird", "snow"))) == TEN


async def test_a_photo_with_a_caption_does_not_get_the_answer_without_one(
    database: Database, photo: int
) -> None:
    await answer(database, photo)
    assert await previous(database, photo, replace(ASKED, words=("bird",))) is None
    assert await previous(database, photo) == TEN


async def test_of_two_answers_the_newer_counts(database: Database, photo: int) -> None:
    await answer(database, photo)
    newer = [("кошка", 0.9), ("猫", 0.8)]
    await answer(database, photo, hashtags=newer)
    assert await previous(database, photo) == newer


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, backend="w2v"),
        replace(ASKED, model="m-2"),
        replace(ASKED, style="popular"),
        replace(ASKED, mix="even"),
        replace(ASKED, language="ru"),
    ],
)
async def test_an_answer_of_another_kind_is_no_answer(
    database: Database, photo: int, other: Asked
) -> None:
    await answer(database, photo)
    assert await previous(database, photo, other) is None


async def test_an_answer_that_is_too_short_is_no_answer(database: Database, photo: int) -> None:
    await answer(database, photo)
    assert await previous(database, photo, count=11) is None


async def test_an_answer_of_another_photo_is_no_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    await answer(database, await new_photo())
    assert await previous(database, await new_photo()) is None


async def test_a_short_answer_does_not_hide_a_long_one(database: Database, photo: int) -> None:
    await answer(database, photo)
    await answer(database, photo, hashtags=TEN[:5])
    assert await previous(database, photo, count=10) == TEN


async def test_an_answer_from_before_something_was_learnt_no_longer_counts(
    database: Database, photo: int
) -> None:
    await answer(database, photo)
    assert await previous(database, photo, since=datetime.now(UTC) - timedelta(hours=1)) == TEN
    assert await previous(database, photo, since=datetime.now(UTC)) is None


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


async def test_another_chats_answer_is_repeated(database: Database, photo: int) -> None:
    await answer(database, photo)
    assert await previous(database, photo, chat_id=2) == TEN


@pytest.mark.parametrize(("person", "chat"), [(1, 1), (1, -5), (2, 2), (2, -5), (3, 2)])
async def test_not_where_one_of_the_two_chats_was_ever_taught_something(
    database: Database, new_photo: NewPhoto, person: int, chat: int
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add_label(database, other, person, chat)
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    assert await previous(database, photo, chat_id=2) is None


async def test_labels_make_the_answer_of_their_photo_out_of_date(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await answer(database, photo)
    await answer(database, other)
    await add_label(database, photo)
    assert await previous(database, photo) is None
    assert await previous(database, other) == TEN


async def test_labels_taken_back_make_an_answer_out_of_date(database: Database, photo: int) -> None:
    await add_label(database, photo)
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    async with database.session() as session:
        await labels.remove(session, 1, (await labels.mine(session, 1)).items[0].label_id)
    assert await previous(database, photo) is None


async def test_the_message_that_shows_answers_leads_to_them(database: Database, photo: int) -> None:
    first = await answer(database, photo)
    second = await answer(database, photo, replace(ASKED, backend="w2v"), duplicate=True)
    async with database.session() as session:
        await recommendations.set_message(session, first, 77)
        await recommendations.set_message(session, second, 77)
    async with database.reading() as session:
        newer, older = await recommendations.of_message(session, 1, 77)
        assert (newer.id, newer.backend, newer.duplicate) == (second, "w2v", True)
        assert (older.id, older.backend, older.duplicate) == (first, "als", False)
        assert await recommendations.of_message(session, 2, 77) == []


async def test_an_answer_comes_back_as_it_was_recorded(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    recorded = await stored(database, number)
    assert recorded.hashtags == [list(scored) for scored in TEN] and recorded.at.tzinfo is UTC


async def test_an_answer_that_is_gone_has_no_message(database: Database) -> None:
    async with database.session() as session:
        await recommendations.set_message(session, 404, 78)
        assert await recommendations.get(session, 404) is None
        assert await recommendations.of_message(session, 1, 78) == []


async def stored(database: Database, number: int) -> Recommendation:
    async with database.reading() as session:
        answer = await recommendations.get(session, number)
    assert answer is not None
    return answer


async def extend(database: Database, number: int, *hashtags: str, shown: int) -> None:
    async with database.session() as session:
        scored = [(tag, 0.5) for tag in hashtags]
        await recommendations.extend(session, number, scored, shown=shown)


async def test_more_hashtags_stand_below_those_of_an_answer(database: Database, photo: int) -> None:
    first = await answer(database, photo)
    await extend(database, first, "猫", "tag3", shown=11)
    assert await previous(database, photo, count=11) == [*TEN, ("猫", 0.5)]


async def test_an_answer_that_is_gone_takes_no_more_hashtags(database: Database) -> None:
    await extend(database, 404, "猫", shown=1)
    async with database.reading() as session:
        assert await recommendations.get(session, 404) is None


async def take_out(database: Database, number: int, *hashtags: str, user: int = 1) -> None:
    async with database.session() as session:
        for tag in hashtags:
            await feedback.take_out(session, recommendation_id=number, hashtag=tag, user_id=user)


async def test_what_is_taken_out_is_not_shown_and_what_follows_moves_up(
    database: Database, photo: int
) -> None:
    number = await answer(database, photo, hashtags=TEN[:3])
    await take_out(database, number, "tag1")
    assert (await stored(database, number)).tags == ["tag0", "tag2"]
    await extend(database, number, "猫", "犬", shown=3)
    assert (await stored(database, number)).tags == ["tag0", "tag2", "猫"]


async def test_what_is_put_back_stands_where_it_stood(database: Database, photo: int) -> None:
    number = await answer(database, photo, hashtags=TEN[:3])
    await take_out(database, number, "tag1")
    await extend(database, number, "猫", shown=3)
    async with database.session() as session:
        await feedback.put_back(session, recommendation_id=number, hashtag="tag1")
    assert (await stored(database, number)).tags == ["tag0", "tag1", "tag2"]


async def test_what_two_take_out_is_noted_of_the_first(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    await take_out(database, number, "tag1", user=1)
    await take_out(database, number, "tag1", "tag2", user=2)
    noted = (await stored(database, number)).taken_out
    assert [(one.hashtag, one.user_id) for one in noted] == [("tag1", 1), ("tag2", 2)]


async def unwanted(database: Database, *photos: int, chat: int = 1) -> set[str]:
    async with database.reading() as session:
        return await feedback.unwanted(
            session, chat_id=chat, photo_ids=photos, first=2, meant=str.casefold
        )


async def test_what_was_taken_out_is_unwanted_for_that_photo_in_that_chat(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    number = await answer(database, photo)
    await answer(database, photo, chat_id=2)
    await take_out(database, number, "tag7")
    assert await unwanted(database, photo) == {"tag7"}
    assert await unwanted(database, photo, chat=2) == set()
    assert await unwanted(database, other) == set()


async def test_the_first_ones_of_an_answer_with_a_thumb_down_are_unwanted(
    database: Database, photo: int
) -> None:
    number = await answer(database, photo)
    await vote(database, number, 1, -1)
    await vote(database, number, 2, 1)
    assert await unwanted(database, photo) == {"tag0", "tag1"}
    await vote(database, number, 1, 0)
    assert await unwanted(database, photo) == set()


async def test_what_was_given_to_the_photo_since_is_wanted_again(
    database: Database, photo: int
) -> None:
    await add_label(database, photo, tag="tag1")
    await take_out(database, await answer(database, photo), "tag1", "dog")
    assert await unwanted(database, photo) == {"tag1", "dog"}
    await add_label(database, photo, tag="DOG")
    assert await unwanted(database, photo) == {"tag1"}


async def test_a_thousand_hashtags_can_be_unwanted(database: Database, photo: int) -> None:
    tags = {f"tag{number}" for number in range(1100)}
    await take_out(database, await answer(database, photo), *tags)
    assert await unwanted(database, photo) == tags


async def test_what_is_unwanted_for_an_album_is_so_for_these_photos_together(
    database: Database, new_photo: NewPhoto
) -> None:
    photos = [await new_photo() for _ in range(3)]
    number = await answer(database, photos[0], album=True, message_id=77)
    async with database.session() as session:
        await sightings.answered(session, chat_id=1, message_id=77, photo_ids=photos[:2])
    await take_out(database, number, "tag1")
    assert await unwanted(database, photos[1], photos[0]) == {"tag1"}
    assert await unwanted(database, *photos) == set()
    assert await unwanted(database, photos[0]) == set()


async def test_an_answer_without_what_its_chat_does_not_want_is_not_given_to_others(
    database: Database, photo: int
) -> None:
    await answer(database, photo)
    await answer(database, photo, hashtags=TEN[1:], only_here=True)
    assert await previous(database, photo) == TEN


async def test_an_answer_of_which_something_was_taken_out_is_given_to_others_whole(
    database: Database, photo: int
) -> None:
    await take_out(database, await answer(database, photo), "tag0")
    assert await previous(database, photo) == TEN


async def test_an_answer_to_an_album_is_not_repeated_for_its_first_photo(
    database: Database, photo: int
) -> None:
    await answer(database, photo, album=True)
    assert await previous(database, photo) is None


async def vote(database: Database, recommendation: int, user: int, value: int) -> Thumbs:
    async with database.session() as session:
        await feedback.vote(session, recommendation_id=recommendation, user_id=user, value=value)
    async with database.reading() as session:
        return await feedback.thumbs(session, recommendation)


async def test_one_user_has_one_thumb(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    for _ in range(2):
        assert await vote(database, number, 1, 1) == Thumbs(up=1, down=0)
    assert await vote(database, number, 2, 1) == Thumbs(up=2, down=0)


async def test_a_thumb_may_be_changed_and_taken_back(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    await vote(database, number, 2, 1)
    assert await vote(database, number, 1, -1) == Thumbs(up=1, down=1)
    assert await vote(database, number, 1, 0) == Thumbs(up=1, down=0)


async def test_of_one_users_thumbs_at_once_one_stays(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    await asyncio.gather(*(vote(database, number, 3, value) for value in (1, -1, 1, -1)))
    async with database.reading() as session:
        thumbs = await feedback.thumbs(session, number)
    assert thumbs.up + thumbs.down == 1


async def test_a_thumb_for_nothing_is_refused(database: Database) -> None:
    with pytest.raises(KeyError):
        await vote(database, 404, 1, 1)


async def test_what_is_no_thumb_is_refused(database: Database, photo: int) -> None:
    number = await answer(database, photo)
    with pytest.raises(ValueError, match="thumb"):
        await vote(database, number, 1, 5)
