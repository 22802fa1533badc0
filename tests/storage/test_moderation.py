from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import Database, labels, moderation
from storage.labels import Added
from storage.moderation import Blocklist, Status

NewPhoto = Callable[..., Awaitable[int]]
VOCABULARY = ("dog", "cat", "badword")
ADMIN = 99


async def add(database: Database, photo: int, hashtag: str, user: int, chat: int) -> Added:
    async with database.session() as session:
        return await labels.add(
            session,
            user_id=user,
            chat_id=chat,
            photo_id=photo,
            hashtags=[hashtag],
            vocabulary=VOCABULARY,
        )


async def blocked(database: Database, chat: int | None) -> set[str]:
    async with database.reading() as session:
        return await moderation.blocked_hashtags(session, chat)


async def test_a_new_hashtag_stays_in_its_chat_until_a_second_user_has_used_it(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add(database, photo, "new", user=1, chat=1)
    await add(database, other, "new", user=1, chat=1)
    assert await blocked(database, 1) == set()
    assert await blocked(database, 2) == {"new"}
    await add(database, other, "new", user=2, chat=3)
    assert await blocked(database, 2) == set()


async def test_a_new_hashtag_is_its_chats_again_once_the_second_user_takes_it_back(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add(database, photo, "new", user=1, chat=1)
    await add(database, photo, "new", user=2, chat=3)
    async with database.session() as session:
        await labels.remove(session, 2, "new")
    assert await blocked(database, 2) == {"new"}
    assert await blocked(database, 3) == {"new"}


async def test_a_hashtag_that_the_model_knows_needs_nobodys_leave(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "dog", user=1, chat=1)
    assert await blocked(database, 2) == set()


@pytest.fixture
async def shared_and_lonely(database: Database, new_photo: NewPhoto) -> None:
    """Two new hashtags: one that two users added in chat 1, and one that only one of them did."""
    photo = await new_photo()
    for user in (1, 2):
        await add(database, photo, "shared", user=user, chat=1)
    await add(database, photo, "lonely", user=1, chat=1)


async def decide(database: Database, hashtag: str, status: Status) -> None:
    async with database.session() as session:
        waiting = await moderation.pending(session)
        number = next(item.id for item in waiting.items if item.hashtag == hashtag)
        assert await moderation.decide(session, number, status, ADMIN) == hashtag


@pytest.mark.usefixtures("shared_and_lonely")
async def test_new_hashtags_wait_for_review_the_shared_ones_first(database: Database) -> None:
    async with database.reading() as session:
        waiting = (await moderation.pending(session)).items
    assert [(item.hashtag, item.users, item.photos) for item in waiting] == [
        ("shared", 2, 1),
        ("lonely", 1, 1),
    ]


@pytest.mark.usefixtures("shared_and_lonely")
async def test_what_an_admin_has_decided_no_longer_waits(database: Database) -> None:
    await decide(database, "shared", "rejected")
    await decide(database, "lonely", "approved")
    async with database.reading() as session:
        page = await moderation.pending(session)
    assert (page.total, page.items) == (0, ())


@pytest.mark.usefixtures("shared_and_lonely")
async def test_what_is_rejected_is_blocked_even_where_it_was_used(database: Database) -> None:
    await decide(database, "shared", "rejected")
    await decide(database, "lonely", "approved")
    assert await blocked(database, 1) == {"shared"}
    assert await blocked(database, 2) == {"shared"}


@pytest.mark.usefixtures("shared_and_lonely")
async def test_an_admin_may_change_their_mind(database: Database) -> None:
    async with database.session() as session:
        number = (await moderation.pending(session)).items[0].id
        await moderation.decide(session, number, "rejected", ADMIN)
        await moderation.decide(session, number, "approved", ADMIN)
    assert await blocked(database, 2) == {"lonely"}


async def test_nothing_is_decided_about_a_hashtag_that_is_gone(database: Database) -> None:
    async with database.session() as session:
        assert await moderation.decide(session, 404, "approved", ADMIN) is None


@pytest.mark.usefixtures("shared_and_lonely")
async def test_where_no_chat_is_named_what_two_users_share_is_not_blocked(
    database: Database,
) -> None:
    assert await blocked(database, None) == {"lonely"}


async def test_a_hashtag_nobody_uses_any_more_does_not_wait_for_review(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "gone", user=1, chat=1)
    async with database.session() as session:
        await labels.remove(session, 1, "gone")
        page = await moderation.pending(session)
    assert (page.total, page.items) == (0, ())


async def block(database: Database, *words: str) -> None:
    async with database.session() as session:
        for word in words:
            assert await moderation.block(session, word, ADMIN)


async def test_a_word_is_blocked_once(database: Database) -> None:
    await block(database, "badword", "wors*")
    async with database.session() as session:
        assert not await moderation.block(session, "badword", ADMIN)
        assert await moderation.blocked_words(session) == ["badword", "wors*"]


@pytest.mark.parametrize("hashtag", ["badword", "my_badword", "worst"])
async def test_blocked_words_are_not_taken(
    database: Database, new_photo: NewPhoto, hashtag: str
) -> None:
    await block(database, "badword", "wors*")
    assert (await add(database, await new_photo(), hashtag, 1, 1)).blocked == (hashtag,)


async def test_a_word_that_is_longer_than_a_blocked_one_is_taken(
    database: Database, new_photo: NewPhoto
) -> None:
    await block(database, "badword")
    assert (await add(database, await new_photo(), "badwords", 1, 1)).added == ("badwords",)


async def test_what_was_taken_before_it_was_blocked_is_not_recommended(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "worse", user=1, chat=1)
    await block(database, "badword", "wors*")
    assert await blocked(database, 1) == {"worse"}


async def test_a_word_is_unblocked_once_and_the_others_stay(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "worse", user=1, chat=1)
    await block(database, "badword", "wors*")
    async with database.session() as session:
        assert await moderation.unblock(session, "badword")
        assert not await moderation.unblock(session, "badword")
    assert await blocked(database, 1) == {"worse"}


words = st.text("abc", min_size=1, max_size=4)


@given(st.lists(words), words)
def test_a_plain_word_blocks_itself_and_itself_between_underscores(
    others: list[str], word: str
) -> None:
    blocklist = Blocklist([*others, word])
    assert blocklist.blocks(word)
    assert blocklist.blocks(f"x_{word}_y")
    assert not Blocklist(others).blocks("unrelated")


@given(words, words)
def test_a_pattern_blocks_what_begins_ends_or_holds_it(word: str, rest: str) -> None:
    assert Blocklist([f"{word}*"]).blocks(word + rest)
    assert Blocklist([f"*{word}"]).blocks(rest + word)
    assert Blocklist([f"*{word}*"]).blocks(rest + word + rest)
    assert not Blocklist([f"{word}*"]).blocks("z" + word)
