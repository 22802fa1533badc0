import asyncio

import pytest

from storage import Database, chats
from storage.chat_settings import ChatSettings


async def test_a_chat_that_chose_nothing_has_the_defaults(database: Database) -> None:
    async with database.reading() as session:
        assert await chats.get(session, -100) == ChatSettings(
            chat_id=-100,
            backend=None,
            count=None,
            style=None,
            mix=None,
            platform=None,
            language=None,
            own_hashtags=(),
        )


async def test_a_setting_changes_and_the_others_stay(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, 7, backend="als", count=30)
        changed = await chats.change(session, 7, style="popular", platform="instagram")
    expected = ChatSettings(7, backend="als", count=30, style="popular", platform="instagram")
    assert changed == expected
    async with database.reading() as session:
        assert await chats.get(session, 7) == expected


async def test_own_hashtags_come_back_as_they_were_given(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, 7, own_hashtags=["mybrand", "я"])
        assert (await chats.change(session, 7, count=5)).own_hashtags == ("mybrand", "я")
        assert (await chats.change(session, 7, own_hashtags=())).own_hashtags == ()


async def test_a_setting_can_go_back_to_the_default(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, 7, backend="als")
        assert (await chats.change(session, 7, backend=None)).backend is None


async def test_chats_do_not_see_each_other(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, 1, count=5)
        assert (await chats.get(session, -1)).count is None


@pytest.mark.parametrize("fields", [{"bakend": "als"}, {"id": 3}])
async def test_a_name_that_is_no_setting_is_refused(
    database: Database, fields: dict[str, str | int]
) -> None:
    with pytest.raises(TypeError):
        async with database.session() as session:
            await chats.change(session, 7, **fields)


async def test_changing_nothing_changes_nothing(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, 7, count=5)
        assert (await chats.change(session, 7)).count == 5


async def test_two_first_choices_at_once_are_both_stored(database: Database) -> None:
    async def choose(**fields: str | int) -> None:
        async with database.session() as session:
            await chats.change(session, 9, **fields)

    await asyncio.gather(choose(count=5), choose(style="relevant"))
    async with database.reading() as session:
        assert await chats.get(session, 9) == ChatSettings(9, count=5, style="relevant")
