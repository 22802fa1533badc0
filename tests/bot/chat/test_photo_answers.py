"""A photo's trip through the real bot."""

import asyncio
import threading
from typing import Any

import numpy as np
import pytest
from colours import button, encoded, hashtags, jpeg, labels, picture
from PIL import Image
from running import Running

from storage import statistics
from tests.person import Person


async def test_a_photo_is_answered_with_ten_hashtags_in_reply_to_it_the_best_five_first(
    ann: Person,
) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))

    answer = await ann.wait_reply()

    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert hashtags(answer) == [f"#red{number}" for number in range(1, 11)]
    assert answer["text"].startswith("Best five\n#red1 #red2 #red3 #red4 #red5\n")
    code = [e for e in answer["entities"] if e["type"] == "code"]
    assert len(code) == 2
    assert "typing" in ann.actions()


async def test_copy_buttons_hold_the_hashtags(ann: Person) -> None:
    await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    five = button(answer, "Copy the five")["copy_text"]["text"]
    assert five == "#red1 #red2 #red3 #red4 #red5"
    assert button(answer, "Copy all")["copy_text"]["text"].split() == hashtags(answer)
    assert "w2v says…" in labels(answer)


async def test_the_same_file_is_neither_downloaded_nor_looked_at_again(
    bot: Running, ann: Person
) -> None:
    await ann.send_photo(jpeg("blue", 3))
    first = await ann.wait_reply()
    await ann.send_photo(jpeg("blue", 3))
    second = await ann.wait_reply()
    assert hashtags(first) == hashtags(second)
    assert bot.engine.photos_seen == 1


async def test_a_smaller_copy_gets_the_answer_of_the_photo_that_is_known(
    bot: Running, ann: Person
) -> None:
    original = picture("green", 5)
    await ann.send_photo(encoded(original, quality=95))
    first = await ann.wait_reply()
    # Whatever the model would say now, a known photo gets what it got.
    bot.engine.per_colour = 20
    await ann.send_photo(encoded(original.resize((426, 320)), quality=60))
    copy = await ann.wait_reply()
    await ann.send_photo(jpeg("green", 6))
    different = await ann.wait_reply()

    assert hashtags(copy) == hashtags(first)
    assert await duplicates(bot) == 1
    assert hashtags(different)


async def duplicates(bot: Running) -> int:
    async with bot.database.reading() as session:
        return (await statistics.collect(session)).duplicates


@pytest.mark.parametrize(
    ("sent", "looked_at"),
    [((1280, 960), (320, 240)), ((1280, 500), (800, 312)), ((150, 100), (150, 100))],
)
async def test_the_smallest_size_that_is_large_enough_is_fetched(
    bot: Running, ann: Person, sent: tuple[int, int], looked_at: tuple[int, int]
) -> None:
    await ann.send_photo(jpeg("blue", size=sent))
    await ann.wait_reply()
    (size,) = bot.engine.sizes
    assert size[0] == looked_at[0]
    assert abs(size[1] - looked_at[1]) <= 1


@pytest.mark.parametrize(
    ("format", "name", "mime_type"),
    [
        ("JPEG", "a.jpg", "image/jpeg"),
        ("PNG", "a.png", "image/png"),
        ("WEBP", "a.webp", "image/webp"),
        ("HEIF", "a.HEIC", "application/octet-stream"),
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


async def test_a_hundred_photos_at_once_are_all_answered(ann: Person) -> None:
    photos = await asyncio.gather(
        *(ann.send_photo(jpeg("red", seed, (320, 240))) for seed in range(100))
    )
    answers = [await ann.wait_reply(60) for _ in photos]
    answered = {answer["reply_to_message"]["message_id"] for answer in answers}
    assert answered == {messages[0]["message_id"] for messages in photos}
    assert all(len(hashtags(answer)) == 10 for answer in answers)


async def test_the_bot_stays_responsive_while_a_photo_is_looked_at(
    bot: Running, ann: Person
) -> None:
    looking, go_on = threading.Event(), threading.Event()
    features = bot.engine.features

    def slow(*args: Any) -> Any:
        looking.set()
        go_on.wait(20)
        return features(*args)

    bot.engine.features = slow  # type: ignore[method-assign]
    await ann.send_photo(jpeg())
    await asyncio.to_thread(looking.wait, 20)
    await ann.send_text("/help")
    assert "/model" in (await ann.wait_reply())["text"]
    go_on.set()
    assert hashtags(await ann.wait_reply())


async def test_a_failure_is_told_once_and_the_next_photo_is_answered(
    bot: Running, ann: Person
) -> None:
    recommend = bot.engine.recommend
    bot.engine.recommend = None  # type: ignore[method-assign, assignment]
    await ann.send_photo(jpeg("red"))
    assert "went wrong" in (await ann.wait_reply())["text"]
    bot.engine.recommend = recommend  # type: ignore[method-assign]
    await ann.send_photo(jpeg("blue", 9))
    assert hashtags(await ann.wait_reply())[0] == "#blue1"
    assert len(ann.replies()) == 2


async def test_text_gets_a_hint_in_the_language_of_who_wrote(bot: Running) -> None:
    for chat, language, word in ((1, "en", "photo"), (2, "ru-RU", "фото"), (3, "fi", "photo")):
        person = await bot.person(chat=chat, language=language)
        await person.send_text("hello")
        assert word in (await person.wait_reply())["text"]


async def test_someone_who_blocked_the_bot_does_not_stop_it(bot: Running, ann: Person) -> None:
    boris = await bot.person(chat=2)
    await boris.send_text("/start")
    await boris.wait_reply()
    bot.server.state.chats[2].blocked = True
    await boris.send_photo(jpeg("red", 1))
    await ann.send_photo(jpeg("red", 2))
    assert hashtags(await ann.wait_reply())


async def test_a_photo_that_was_deleted_meanwhile_is_answered_without_a_quote(
    bot: Running, ann: Person
) -> None:
    (photo,) = await ann.send_photo(jpeg("red", 1))
    del bot.server.state.chats[1_000].messages[photo["message_id"]]
    assert hashtags(await ann.wait_reply())
