from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import insert

from storage import Database, forgetting, labels, moderation, recommendations
from storage.labels import Added
from storage.moderation import Pending, Status
from storage.recommendations import Asked
from storage.tables import BlockedWord, Label, now
from storage.upserts import columns_of

NewPhoto = Callable[..., Awaitable[int]]
ADMIN = 99


async def add(
    database: Database,
    photo: int,
    *hashtags: str,
    person: int = 1,
    chat: int | None = None,
    likely: Sequence[str] = (),
    album: bool = False,
) -> Added:
    async with database.session() as session:
        return await labels.add(
            session,
            person=person,
            chat_id=person if chat is None else chat,
            photo_id=photo,
            hashtags=dict(zip(hashtags, hashtags, strict=True)),
            blocklist=await moderation.in_force(session),
            likely=likely,
            album=album,
        )


async def waiting(database: Database) -> list[tuple[str, int]]:
    async with database.reading() as session:
        page = await moderation.pending(session)
    return [(item.hashtag, item.people) for item in page.items]


async def decide(database: Database, hashtag: str, status: Status) -> list[Pending]:
    async with database.session() as session:
        page = await moderation.pending(session)
        (label,) = (item.label_id for item in page.items if item.hashtag == hashtag)
        return await moderation.decide(session, [label], status, ADMIN)


async def test_what_one_person_teaches_is_not_everybodys_and_waits(
    database: Database, photo: int
) -> None:
    assert (await add(database, photo, "dog")).unshared == ("dog",)
    assert await waiting(database) == [("dog", 1)]


async def test_the_same_of_another_photo_or_by_the_same_person_again_changes_nothing(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add(database, photo, "dog")
    await add(database, photo, "dog", chat=-5)
    await add(database, await new_photo(), "dog", person=2)
    assert await waiting(database) == [("dog", 1), ("dog", 1)]


async def test_what_a_second_person_teaches_of_a_photo_is_everybodys(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog", "cat")
    assert (await add(database, photo, "dog", "sea", person=2)).unshared == ("sea",)
    assert await waiting(database) == [("cat", 1), ("sea", 1)]


async def test_it_is_no_longer_once_the_second_person_takes_it_back(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog")
    await add(database, photo, "dog", person=2)
    async with database.session() as session:
        mine = await labels.mine(session, 2)
        assert await labels.remove(session, 2, mine.items[0].label_id) == ("dog", [photo])
    assert await waiting(database) == [("dog", 1)]


async def test_nor_once_the_second_person_is_forgotten(database: Database, photo: int) -> None:
    await add(database, photo, "dog")
    await add(database, photo, "dog", person=2)
    await forgetting.forget(database, 2)
    assert await waiting(database) == [("dog", 1)]


async def test_what_the_model_finds_likely_is_everybodys(database: Database, photo: int) -> None:
    assert (await add(database, photo, "dog", "cat", likely=["dog"])).unshared == ("cat",)


async def test_what_insults_a_person_is_not_everybodys_by_two_people_alone(
    database: Database, photo: int
) -> None:
    for person in (1, 2, 3):
        outcome = await add(database, photo, "gorilla", "свинья", "dog", person=person)
    assert outcome.unshared == ("gorilla", "свинья")
    assert await waiting(database) == [("gorilla", 3), ("свинья", 3)]
    assert (await add(database, photo, "gorilla", person=4, likely=["gorilla"])).unshared == ()


async def test_more_insults_than_a_query_takes_parameters_are_found_and_forgotten(
    database: Database, new_photo: NewPhoto
) -> None:
    photos = [await new_photo() for _ in range(110)]
    photo, many = photos[0], [f"gorilla_{number}" for number in range(300 * len(photos))]
    whose = {"user_id": 1, "chat_id": 1, "at": now(), "album": False}
    async with database.session() as session:
        await session.execute(
            insert(columns_of(Label)),
            [
                whose | {"hashtag": tag, "key": tag, "photo_id": photos[at // 300]}
                for at, tag in enumerate(many)
            ],
        )
        await recommendations.record(
            session,
            photo_id=photo,
            chat_id=1,
            asked=Asked("als", "m"),
            hashtags=[(many[0], 0.5), ("sea", 0.4)],
            elapsed_ms=1,
        )
    async with database.reading() as session:
        assert (await moderation.pending(session)).total == len(many)
    await forgetting.forget(database, 1, is_models=lambda tag: tag == "sea")
    assert await waiting(database) == []


async def test_what_an_album_is_taught_is_never_everybodys_and_does_not_wait(
    database: Database, photo: int
) -> None:
    for person in (1, 2):
        outcome = await add(database, photo, "dog", person=person, album=True, likely=["dog"])
        assert outcome.unshared == ("dog",)
    assert await waiting(database) == []


async def test_what_an_admin_approves_is_everybodys_for_that_photo(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add(database, photo, "dog")
    (decided,) = await decide(database, "dog", "approved")
    assert (decided.photo_id, decided.hashtag) == (photo, "dog")
    assert await waiting(database) == []
    assert (await add(database, photo, "dog")).unshared == ()
    assert (await add(database, other, "dog")).unshared == ("dog",)


async def test_what_an_admin_rejects_is_not_everybodys_whoever_says_it(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog")
    await decide(database, "dog", "rejected")
    assert (await add(database, photo, "dog", person=2, likely=["dog"])).unshared == ("dog",)
    assert await waiting(database) == []


async def test_several_are_decided_at_once_and_only_once(database: Database, photo: int) -> None:
    await add(database, photo, "dog", "cat", "sea")
    async with database.session() as session:
        first, second, _ = (await moderation.pending(session)).items
        both = [first.label_id, second.label_id]
        decided = await moderation.decide(session, both, "approved", ADMIN)
        assert [one.hashtag for one in decided] == ["dog", "cat"]
        assert await moderation.decide(session, both, "rejected", ADMIN) == []
    assert await waiting(database) == [("sea", 1)]


async def test_an_admin_who_is_forgotten_leaves_decisions_behind(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog")
    await decide(database, "dog", "approved")
    await forgetting.forget(database, ADMIN)
    assert (await add(database, photo, "dog")).unshared == ()


async def test_what_nobody_uses_any_more_does_not_wait(database: Database, photo: int) -> None:
    await add(database, photo, "gone")
    async with database.session() as session:
        mine = await labels.mine(session, 1)
        await labels.remove(session, 1, mine.items[0].label_id)
    assert await waiting(database) == []


async def test_words_are_blocked_and_allowed_again(database: Database) -> None:
    async with database.session() as session:
        await moderation.block(session, "mine", ADMIN)
        await moderation.block(session, "bad*", ADMIN)
        assert (await moderation.in_force(session)).blocks("badly")
        assert await moderation.unblock(session, "bad*", ADMIN)
        assert not await moderation.unblock(session, "bad*", ADMIN)
        assert not (await moderation.in_force(session)).blocks("badly")
        assert await moderation.own_words(session) == {"mine": False}


async def test_a_word_that_ships_is_allowed_and_blocked_again(database: Database) -> None:
    async with database.session() as session:
        assert (await moderation.in_force(session)).blocks("weed")
        assert await moderation.unblock(session, "weed", ADMIN)
        assert not await moderation.unblock(session, "weed", ADMIN)
        assert (await session.get_one(BlockedWord, "weed")).added_by == ADMIN
        assert not (await moderation.in_force(session)).blocks("weed")
        await moderation.block(session, "weed", ADMIN)
        assert (await moderation.in_force(session)).blocks("weed")
        assert await moderation.own_words(session) == {}


@pytest.mark.parametrize("hashtag", ["badword", "my_badword", "worst"])
async def test_blocked_words_are_not_taken(database: Database, photo: int, hashtag: str) -> None:
    async with database.session() as session:
        for word in ("badword", "wors*"):
            await moderation.block(session, word, ADMIN)
    assert (await add(database, photo, hashtag)).blocked == (hashtag,)
