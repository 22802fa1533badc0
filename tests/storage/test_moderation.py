from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st

from storage import Database, labels, moderation
from storage.labels import Added
from storage.moderation import Blocklist

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
    async with database.session() as session:
        await labels.remove(session, 2, "new")
    assert await blocked(database, 2) == {"new"}
    assert await blocked(database, 3) == {"new"}


async def test_a_hashtag_that_the_model_knows_needs_nobodys_leave(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "dog", user=1, chat=1)
    assert await blocked(database, 2) == set()


async def test_an_admin_approves_or_rejects_and_may_change_their_mind(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    for user in (1, 2):
        await add(database, photo, "shared", user=user, chat=1)
    await add(database, photo, "lonely", user=1, chat=1)
    async with database.session() as session:
        waiting = (await moderation.pending(session)).items
        assert [(item.hashtag, item.users, item.photos) for item in waiting] == [
            ("shared", 2, 1),
            ("lonely", 1, 1),
        ]
        assert await moderation.decide(session, waiting[0].id, "rejected", ADMIN) == "shared"
        assert await moderation.decide(session, waiting[1].id, "approved", ADMIN) == "lonely"
        assert await moderation.decide(session, 404, "approved", ADMIN) is None
        assert (await moderation.pending(session)).items == ()
        assert (await moderation.pending(session)).total == 0
    # What is rejected is not said even where it was used.
    assert await blocked(database, 1) == {"shared"}
    assert await blocked(database, 2) == {"shared"}
    async with database.session() as session:
        await moderation.decide(session, waiting[0].id, "approved", ADMIN)
    assert await blocked(database, 2) == set()


async def test_where_no_chat_is_named_what_two_users_share_is_not_blocked(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add(database, photo, "shared", user=1, chat=1)
    await add(database, photo, "lonely", user=1, chat=1)
    await add(database, photo, "shared", user=2, chat=1)
    assert await blocked(database, None) == {"lonely"}


async def test_a_hashtag_nobody_uses_any_more_does_not_wait_for_review(
    database: Database, new_photo: NewPhoto
) -> None:
    await add(database, await new_photo(), "gone", user=1, chat=1)
    async with database.session() as session:
        await labels.remove(session, 1, "gone")
        page = await moderation.pending(session)
    assert (page.total, page.items) == (0, ())


async def test_blocked_words_are_neither_taken_nor_said(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add(database, photo, "worse", user=1, chat=1)
    async with database.session() as session:
        assert await moderation.block(session, "badword", ADMIN)
        assert not await moderation.block(session, "badword", ADMIN)
        assert await moderation.block(session, "wors*", ADMIN)
        assert await moderation.blocked_words(session) == ["badword", "wors*"]
    for hashtag in ("badword", "my_badword", "worst"):
        assert (await add(database, photo, hashtag, user=1, chat=1)).blocked == (hashtag,)
    assert (await add(database, photo, "badwords", user=1, chat=1)).added == ("badwords",)
    assert await blocked(database, 1) == {"worse"}
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
