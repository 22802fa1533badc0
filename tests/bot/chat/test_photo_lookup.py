"""From a message to what is computed of its photo, or a sentence about why there is none."""

import asyncio
import struct
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.chat.albums import QUIET
from recommenders.decoding_process import DecodingProcess
from recommenders.engine import Engine
from tests.bot.conversation import answer_hashtags, hashtags, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import arrives
from tests.colours import colour_bundle, colour_engine, encoded, jpeg, picture
from tests.person import Person
from tests.recommenders.fragile_decoding import make_fragile
from tests.recommenders.pictures import endless_jpeg


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
    data, *sentences = FILES[kind]
    for chat, language, sentence in zip((1, 2), ("en", "ru"), sentences, strict=True):
        person = await bot.person(chat=chat, language=language)
        await person.send_document(data, "photo.jpg", mime_type="image/jpeg")
        message = await person.wait_reply()
        assert sentence in message["text"] and not hashtags(message)
        assert (await answer_hashtags(person, "blue"))[0] == "#blue1"


async def test_a_file_that_would_keep_the_bot_busy_is_refused_and_photos_are_answered_meanwhile(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.local.files._thumbnail", lambda data: None)  # the server's own trouble
    bot.services.decoding = DecodingProcess(seconds=1)
    ann, bob = await bot.person(chat=1), await bot.person(chat=2)
    await ann.send_document(endless_jpeg(), "photo.jpg", mime_type="image/jpeg")
    assert (await answer_hashtags(bob, "blue"))[0] == "#blue1"
    assert "cut off or damaged" in (await ann.wait_reply())["text"]
    await ann.send_document(jpeg("green"), "photo.jpg", mime_type="image/jpeg")
    assert hashtags(await ann.wait_reply())[0] == "#green1"


@pytest.fixture
def decoding_goes_on(bot: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No image sent as a file is decoded before it is set."""
    goes_on, decode = threading.Event(), bot.services.decoding.decode

    def decode_late(data: bytes, shorter_side: int) -> Image.Image:
        goes_on.wait()
        return decode(data, shorter_side)

    monkeypatch.setattr(bot.services.decoding, "decode", decode_late)
    yield goes_on
    goes_on.set()


async def album_of_files(bot: Running, chat: int, album: str, files: list[bytes]) -> None:
    """Somebody sends an album of images as files."""
    for data in files:
        document = await bot.server.state.files.add_document(data, "photo.jpg", "image/jpeg")
        arrives(bot, chat, {"document": document, "media_group_id": album})


async def test_no_photo_waits_for_the_files_that_several_people_sent(
    bot: Running, decoding_goes_on: threading.Event
) -> None:
    senders = [await bot.person(chat=chat) for chat in range(1, 6)]
    for number in range(20):
        sender = senders[number % 5]
        await sender.send_document(jpeg("red", number), "photo.jpg", mime_type="image/jpeg")
    async with asyncio.timeout(20):
        assert (await answer_hashtags(await bot.person(chat=6), "blue"))[0] == "#blue1"
    assert not any(sender.replies() for sender in senders)
    decoding_goes_on.set()
    assert hashtags(await senders[4].wait_reply())[0] == "#red1"


async def test_no_photo_waits_for_somebodys_albums_of_files(
    bot: Running, decoding_goes_on: threading.Event
) -> None:
    ann, bob = await bot.person(chat=1), await bot.person(chat=2)
    for album in range(4):
        files = [jpeg("red", 5 * album + number) for number in range(5)]
        await album_of_files(bot, 1, str(album), files)
    await asyncio.sleep(2 * QUIET)  # then they are complete
    async with asyncio.timeout(20):
        assert (await answer_hashtags(bob, "blue"))[0] == "#blue1"
    assert not ann.replies()
    decoding_goes_on.set()
    assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_a_file_that_ends_the_decoding_process_does_not_keep_its_album_from_being_answered(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_fragile(monkeypatch)
    files = [jpeg("red", 1) + b"!", jpeg("red", 2), jpeg("red", 3)]
    await album_of_files(bot, 1_000, "album", files)
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#red1"
    assert "1 of the 3 photos could not be read" in answer["text"]
    await ann.send_document(files[0], "photo.jpg", mime_type="image/jpeg")
    assert "could not open this file" in (await ann.wait_reply())["text"]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("video", "still from this video"), ("sticker", "sticker"), ("animation", "animation")],
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
    file = {"file_id": "v", "file_unique_id": "v", "width": 640, "height": 360, "duration": 1}
    video = {key: photo[key] for key in ("from", "chat", "date")} | {"video": file}
    for number, message in enumerate((video, photo), 500):
        part = message | {"message_id": number, "media_group_id": "mixed"}
        bot.server.state.updates.add("message", part)
    assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_a_file_that_is_no_image_by_its_name_is_declined(ann: Person) -> None:
    await ann.send_document(b"%PDF-1.7", "paper.pdf")
    assert "not an image" in (await ann.wait_reply())["text"]


async def test_a_deleted_file_is_told_of(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    # A bundle over another backbone, for which nothing is stored yet.
    bundle = colour_bundle(backbone="mobilenet_v2")
    bundle.model = "colours-2"
    bot.services.learner.engine = colour_engine(bundle)
    for size in photo["photo"]:
        bot.server.state.files.drop(size["file_unique_id"])
    assert "no longer gives me this file" in await reply_text(ann, "/tags", photo)


@pytest.mark.parametrize(
    ("sent", "fetched"),
    [((1280, 960), (320, 240)), ((1280, 500), (800, 312)), ((150, 100), (150, 100))],
)
async def test_the_smallest_size_that_is_large_enough_is_fetched(
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    sent: tuple[int, int],
    fetched: tuple[int, int],
) -> None:
    sizes: list[tuple[int, int]] = []
    features = Engine.features

    def noting_sizes(engine: Engine, photos: list[Image.Image], backbones: Any) -> Any:
        sizes.extend(photo.size for photo in photos)
        return features(engine, photos, backbones)

    monkeypatch.setattr(Engine, "features", noting_sizes)
    await ann.send_photo(jpeg("blue", size=sent))
    await ann.wait_reply()
    ((width, height),) = sizes
    assert width == fetched[0]
    assert abs(height - fetched[1]) <= 1


@pytest.mark.parametrize(
    ("format", "name", "mime_type"),
    [
        ("JPEG", "a.jpg", "image/jpeg"),
        ("PNG", "a.png", "image/png"),
        ("WEBP", "a.webp", "image/webp"),
        ("HEIF", "a.HEIC", "application/octet-stream"),
        ("MPO", "a.mpo", "application/octet-stream"),
    ],
)
async def test_an_image_sent_as_a_file_is_answered(
    ann: Person, format: str, name: str, mime_type: str
) -> None:
    await ann.send_document(encoded(picture("green"), format), name, mime_type=mime_type)
    assert hashtags(await ann.wait_reply())[:2] == ["#green1", "#green2"]


@pytest.mark.parametrize("mode", ["CMYK", "P", "L", "I;16", "RGBA"])
async def test_images_of_any_colour_mode_are_answered(ann: Person, mode: str) -> None:
    image = picture("green")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257)
    else:
        image = image.convert(mode)
    await ann.send_document(encoded(image, "JPEG" if mode == "CMYK" else "PNG"), "a.png")
    assert len(hashtags(await ann.wait_reply())) == 10
