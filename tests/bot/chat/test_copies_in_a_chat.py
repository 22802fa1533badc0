"""Which photos a chat takes for one: what was taught for one of them leads the other's answer."""

import pytest
from PIL import Image, ImageEnhance
from sqlalchemy import text

from tests.bot.conversation import hashtags, reply_text
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.colours import encoded, picture
from tests.person import Message, Person
from tests.scenery import BLUE, GREEN, RED, gradient, sale_card, scenery

SIZE = (640, 480)


async def send(person: Person, image: Image.Image, quality: int = 85) -> tuple[Message, list[str]]:
    """Sends a photo; returns its message, and the hashtags of the bot's answer."""
    (message,) = await person.send_photo(encoded(image, quality=quality))
    return message, hashtags(await person.wait_reply())


PAIRS = {
    "sale cards": (sale_card(RED, SIZE), sale_card(BLUE, SIZE)),
    "cards in red and green": (sale_card(RED, SIZE), sale_card(GREEN, SIZE)),
    "sunset and sea": (
        gradient((250, 190, 60), (120, 20, 60), SIZE),
        gradient((190, 220, 230), (10, 60, 110), SIZE),
    ),
    "white and black": (Image.new("RGB", SIZE, "white"), Image.new("RGB", SIZE, "black")),
    "nearly one grey": (Image.new("RGB", SIZE, (90,) * 3), Image.new("RGB", SIZE, (93,) * 3)),
}


@pytest.mark.parametrize("pair", PAIRS)
async def test_pictures_that_are_alike_in_grey_are_taught_separately(
    bot: Running, ann: Person, pair: str
) -> None:
    messages = []
    for number, image in enumerate(PAIRS[pair], 1):
        message, _ = await send(ann, image)
        await reply_text(ann, f"/addtags #taught{number}")
        messages.append(message)
    labels = [await stored_labels(bot.database, message) for message in messages]
    assert labels == [[["taught1"]], [["taught2"]]]


def cropped(photo: Image.Image) -> Image.Image:
    left, top = round(photo.width * 0.03), round(photo.height * 0.03)
    return photo.crop((left, top, photo.width - left, photo.height - top))


CHANGES = {
    "smaller": lambda photo: photo.resize((427, 320)),
    "cropped": cropped,
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.2),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", ["original", "copy"])
async def test_a_changed_copy_is_the_photo_that_was_taught(
    bot: Running, ann: Person, change: str, first: str
) -> None:
    photo = picture("green", 5)
    both = [photo, CHANGES[change](photo)]
    one, other = both if first == "original" else both[::-1]
    await send(ann, one, quality=90)
    await reply_text(ann, "/addtags #taught")
    message, _ = await send(ann, other, quality=60)
    assert await stored_labels(bot.database, message) == [["taught"]]


async def test_the_same_file_of_a_plain_picture_is_known_by_its_name(
    bot: Running, ann: Person
) -> None:
    white = Image.new("RGB", SIZE, "white")
    await send(ann, white)
    await reply_text(ann, "/addtags #white")
    message, _ = await send(ann, white)
    assert await stored_labels(bot.database, message) == [["white"]]


async def test_a_photo_stored_before_there_were_colours_is_known_as_before(
    bot: Running, ann: Person
) -> None:
    photo = scenery(4, SIZE)
    await send(ann, photo, quality=90)
    await reply_text(ann, "/addtags #old")
    async with bot.database.session() as session:
        await session.execute(text("UPDATE photos SET colours = NULL"))
        await session.execute(text("DELETE FROM cropped_photos"))
    message, _ = await send(ann, photo.resize((427, 320)), quality=60)
    assert await stored_labels(bot.database, message) == [["old"]]
