"""Photos and files in the local chat are kept as Telegram keeps them, within bounds."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, TelegramError

from bot.local import LocalServer
from bot.local.files import FileStore
from tests.person import NotSentError, Person

Picture = Callable[..., bytes]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((4000, 2000), [(90, 45), (320, 160), (800, 400), (1280, 640)]),
        ((600, 1000), [(54, 90), (192, 320), (480, 800), (600, 1000)]),
        ((320, 200), [(90, 56), (320, 200)]),
        ((40, 30), [(40, 30)]),
        ((1, 1), [(1, 1)]),
    ],
)
async def test_a_photo_comes_in_telegrams_sizes_and_is_never_enlarged(
    ann: Person, picture: Picture, size: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    (sent,) = await ann.send_photo(picture(*size))
    assert [(photo["width"], photo["height"]) for photo in sent["photo"]] == sizes
    for photo in sent["photo"]:
        data = await ann.download(photo)
        assert len(data) == photo["file_size"]
        shown = Image.open(io.BytesIO(data))
        assert (shown.format, shown.size) == ("JPEG", (photo["width"], photo["height"]))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", "RGBA"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "I;16")),
        *(("JPEG", "CMYK"), ("WEBP", "RGB"), ("GIF", "P"), ("TIFF", "F")),
    ],
)
async def test_every_usual_kind_of_picture_can_be_a_photo(
    ann: Person, picture: Picture, kind: str, mode: str
) -> None:
    (sent,) = await ann.send_photo(picture(100, 100, kind, mode))
    shown = Image.open(io.BytesIO(await ann.download(sent["photo"][-1]))).convert("L")
    top, bottom = shown.getpixel((50, 2)), shown.getpixel((50, 97))
    # A gradient from black to white stays one, whatever it was stored as.
    assert isinstance(top, int) and isinstance(bottom, int)
    assert abs(top - bottom) > 150


async def test_a_photo_is_turned_upright_as_its_camera_says(ann: Person) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif)
    (sent,) = await ann.send_photo(out.getvalue())
    assert (sent["photo"][-1]["width"], sent["photo"][-1]["height"]) == (40, 60)


async def test_the_same_photo_is_the_same_file_in_every_chat(
    server: LocalServer, ann: Person, picture: Picture
) -> None:
    (first,) = await ann.send_photo(picture(500, 400))
    (other,) = await ann.send_photo(picture(500, 401))
    async with Person(server.page_url, chat=2) as bob:
        (second,) = await bob.send_photo(picture(500, 400))
    unique = [[size["file_unique_id"] for size in m["photo"]] for m in (first, second, other)]
    assert unique[0] == unique[1]
    assert not set(unique[0]) & set(unique[2])
    assert len(set(unique[0])) == len(first["photo"]) == 3


def bomb() -> bytes:
    """A PNG that says it has 20,000 x 20,000 pixels."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


async def test_what_is_no_photo_can_be_sent_as_a_file_and_the_person_is_told_so(
    ann: Person, api: Bot, picture: Picture
) -> None:
    for data in (b"not a picture", picture()[:300], bomb()):
        with pytest.raises(NotSentError, match="can be sent as a file instead"):
            await ann.send_photo(data)
        sent = await ann.send_document(data, "odd.jpg", mime_type="image/jpeg")
        assert sent["document"]["mime_type"] == "image/jpeg"
    messages = [update.message for update in await api.get_updates()]
    assert [message.document is not None for message in messages if message] == [True] * 3
    with pytest.raises(NotSentError):
        await ann.send_photo(b"")


async def test_a_picture_sent_as_a_file_has_a_thumbnail_and_keeps_its_bytes(
    api: Bot, ann: Person, picture: Picture
) -> None:
    data = picture(1000, 500, "PNG")
    sent = await ann.send_document(data, "dog.png", mime_type="")
    assert (sent["document"]["thumbnail"]["width"], sent["document"]["mime_type"]) == (
        320,
        "image/png",
    )
    (update,) = await api.get_updates()
    assert update.message and update.message.document
    file = await update.message.document.get_file()
    assert file.file_path and "/documents/" in file.file_path
    assert bytes(await file.download_as_bytearray()) == data


async def test_a_file_of_the_bot_arrives_with_its_name_caption_and_bytes(
    api: Bot, ann: Person
) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Thanks", callback_data="thanks")]])
    await api.send_document(
        1000,
        b'{"a": 1}',
        "<b>Yours</b>",
        filename="data.json",
        parse_mode="HTML",
        reply_markup=keyboard,
    )
    message = await ann.wait_reply()
    assert message["document"]["file_name"] == "data.json"
    assert message["document"]["mime_type"] == "application/json"
    assert (message["caption"], message["caption_entities"][0]["type"]) == ("Yours", "bold")
    assert message["reply_markup"]["inline_keyboard"][0][0]["text"] == "Thanks"
    assert await ann.download(message["document"]) == b'{"a": 1}'


@pytest.mark.parametrize(
    ("data", "caption", "reason"),
    [
        (b"", "", "file must be non-empty"),
        (b"x", "x" * 1025, "message caption is too long"),
    ],
)
async def test_a_file_of_the_bot_is_refused_as_telegram_does(
    api: Bot, ann: Person, data: bytes, caption: str, reason: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){reason}"):
        await api.send_document(1000, data, caption, filename="a.bin")


async def test_a_file_over_50_mb_is_too_large_for_a_bot_to_send(api: Bot, ann: Person) -> None:
    with pytest.raises(TelegramError, match="Request Entity Too Large"):
        await api.send_document(1000, bytes(50 * 2**20 + 1), filename="big.bin")


async def test_a_file_over_20_mb_is_too_big_for_a_bot(api: Bot, ann: Person) -> None:
    at_limit = await ann.send_document(bytes(20 * 2**20), "just.bin")
    over = await ann.send_document(bytes(20 * 2**20 + 1), "over.bin")
    assert (await api.get_file(at_limit["document"]["file_id"])).file_size == 20 * 2**20
    with pytest.raises(BadRequest, match=r"(?i)^file is too big$"):
        await api.get_file(over["document"]["file_id"])


async def test_a_deleted_or_unknown_file_cannot_be_fetched(
    server: LocalServer, api: Bot, ann: Person, picture: Picture
) -> None:
    (sent,) = await ann.send_photo(picture())
    file = await api.get_file(sent["photo"][0]["file_id"])
    server.state.files.drop(sent["photo"][0]["file_unique_id"])
    for file_id in (sent["photo"][0]["file_id"], "AgACAgIAAxk"):
        with pytest.raises(BadRequest, match=r"(?i)^wrong file_id or the file is temporarily"):
            await api.get_file(file_id)
    with pytest.raises(TelegramError, match="Not Found"):
        await file.download_as_bytearray()


async def test_more_than_can_be_sent_at_once_is_refused_in_words(ann: Person) -> None:
    with pytest.raises(NotSentError, match="at most 64 MB"):
        await ann.send_document(bytes(65 * 2**20), "huge.bin")


def test_the_oldest_files_go_when_the_budget_is_spent() -> None:
    store = FileStore(max_bytes=1000)
    files = [store.add(bytes([i]) * 300, "documents", ".bin") for i in range(5)]
    assert [store.get(file.unique_id) for file in files] == [None, None, *files[2:]]


def test_a_file_that_is_sent_again_stays_longer() -> None:
    store = FileStore(max_bytes=1000)
    old, other, again = (bytes([i]) * 300 for i in range(3))
    for data in (old, other, again, old):
        last = store.add(data, "documents", ".bin")
    store.add(bytes([9]) * 300, "documents", ".bin")
    assert store.get(last.unique_id) == last


async def test_a_chat_keeps_some_hundreds_of_messages(server: LocalServer, ann: Person) -> None:
    first = await ann.send_text("the first")
    chat = server.state.chats[1000]
    for i in range(400):
        server.state.post(chat, server.state.bot, {"text": f"line {i}"})
    assert len(chat.messages) == 400
    assert first["message_id"] not in chat.messages
