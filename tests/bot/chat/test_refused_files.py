"""After a file that cannot be read, commands are about the last photo that could."""

import pytest

from bot.chat.photo_lookup import IncomingPhoto, UnreadablePhotoError
from tests.bot.conversation import GROUP, answer, hashtags, reply, reply_text
from tests.bot.running import Running, Start
from tests.bot.stored_labels import stored_labels
from tests.colours import jpeg
from tests.person import Person


async def refused(person: Person, caption: str = "") -> None:
    """Sends a broken file, which the bot refuses."""
    await person.send_document(b"broken", "x.jpg", caption=caption)
    assert "cannot read this" in (await person.wait_reply())["text"]


@pytest.mark.parametrize("caption", ["", "/addtags #other"])
async def test_commands_are_about_the_photo_before_it(
    bot: Running, ann: Person, caption: str
) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    await refused(ann, caption)
    await refused(ann)
    assert "#red1" in await reply_text(ann, "/why")
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_in_a_group_too(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    await ann.send_photo(jpeg("red"))
    await refused(ann, "/tags")
    assert hashtags(await reply(ann, "/tags"))[0] == "#red1"


async def test_where_there_was_no_photo_they_ask_for_one(ann: Person) -> None:
    await refused(ann)
    assert "Send a photo first" in await reply_text(ann, "/why")
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


async def test_after_a_restart_the_photo_is_still_the_last(start: Start) -> None:
    bot = await start()
    ann = await bot.person()
    await answer(ann)
    await refused(ann)
    await bot.stop()
    bot = await start(server=bot.server)
    assert "#red1" in await reply_text(await bot.person(), "/why")


async def test_a_file_that_came_too_late_is_tried_again(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(_: IncomingPhoto) -> bytes:
        raise UnreadablePhotoError("slow")

    await answer(ann, "red")
    with monkeypatch.context() as broken:
        broken.setattr(IncomingPhoto, "download", slow)
        assert "in time" in (await answer(ann, "blue"))["text"]
    assert "#blue1" in await reply_text(ann, "/why")
