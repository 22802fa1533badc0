"""What is no photo gets a sentence, in the person's language, and the bot goes on."""

import struct
import zlib

import pytest
from colours import encoded, hashtags, jpeg, picture
from running import Running
from telegram import Update

from tests.person import Person


def png_of_size(width: int, height: int) -> bytes:
    """The header of a PNG that claims to be that large, and nothing more."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


FILES = {
    "not an image": (b"just text" * 50, "I cannot read this as an image", "изображение"),
    "empty": (b"", "empty", "пуст"),
    "cut off": (encoded(picture("red", 1))[:2_000], "cut off or damaged", "обрывается"),
    "bomb": (png_of_size(20_000, 20_000), "too many pixels", "слишком много пикселей"),
    "no pixels": (png_of_size(0, 0), "", ""),
    "too large": (b"\xff\xd8" + bytes(21 * 2**20), "over 20 MB", "20 МБ"),
}


@pytest.mark.parametrize("kind", FILES)
async def test_a_file_that_is_no_photo_gets_a_sentence_and_the_next_photo_an_answer(
    bot: Running, kind: str
) -> None:
    data, english, russian = FILES[kind]
    for chat, language, sentence in ((1, "en", english), (2, "ru", russian)):
        person = await bot.person(chat=chat, language=language)
        await person.send_document(data, "photo.jpg", mime_type="image/jpeg")
        answer = await person.wait_reply()
        assert sentence in answer["text"]
        assert not hashtags(answer)
        await person.send_photo(jpeg("blue"))
        assert hashtags(await person.wait_reply())[0] == "#blue1"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("video", "still of this video"), ("sticker", "sticker"), ("animation", "animation")],
)
async def test_what_moves_or_sticks_is_declined_kindly(
    ann: Person, kind: str, sentence: str
) -> None:
    await ann.send_other(kind)
    assert sentence in (await ann.wait_reply())["text"]
    assert len(ann.replies()) == 1


async def test_a_video_in_an_album_does_not_keep_its_photos_from_being_answered(
    bot: Running, ann: Person
) -> None:
    messages = await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    await ann.wait_reply()
    photo = bot.server.state.chats[1_000].messages[messages[0]["message_id"]]
    video = {
        "message_id": photo["message_id"] + 500,
        "media_group_id": "mixed",
        "video": {
            "file_id": "v",
            "file_unique_id": "v",
            "width": 640,
            "height": 360,
            "duration": 1,
        },
    }
    common = {key: photo[key] for key in ("from", "chat", "date")}
    also = {**photo, "message_id": photo["message_id"] + 501, "media_group_id": "mixed"}
    for message in ({**common, **video}, also):
        await bot.application.update_queue.put(
            Update.de_json(
                {"update_id": message["message_id"], "message": message}, bot.application.bot
            )
        )
    assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_a_file_that_is_no_image_by_its_name_is_declined_without_fetching_it(
    bot: Running, ann: Person
) -> None:
    await ann.send_document(b"%PDF-1.7", "paper.pdf")
    assert "not an image" in (await ann.wait_reply())["text"]


async def test_a_deleted_file_is_told_of(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    bot.engine.confirm_backbone = "other eye"  # a model for which nothing is stored yet
    for size in photo["photo"]:
        bot.server.state.files.drop(size["file_unique_id"])
    await ann.send_text("/tags", reply_to=photo)
    assert "no longer gives me this file" in (await ann.wait_reply())["text"]
