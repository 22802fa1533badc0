"""An answer of the real bot on the page, on a phone: all of it in sight, and every button whole."""

from typing import Any

import pytest
from browser import Open, photo_file

from recommenders.bundle import Bundle
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, jpeg

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
LONG = [
    "goldenretriever",
    "macrophotography",
    "dogsofinstagram",
    "landscapephotography",
    "eveningsky",
]

expect = pytest.importorskip("playwright.async_api", reason="playwright is not installed").expect


def long_hashtags() -> Bundle:
    """A bundle whose hashtags of red photos are as long as people's."""
    bundle = colour_bundle()
    for number in range(1, 41):
        column = bundle.hashtags.index(f"red{number}")
        bundle.hashtags[column] = f"{LONG[number % len(LONG)]}{number}"
    return bundle


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start(long_hashtags())


async def answer_on(page: Any, *photos: bytes) -> Any:
    """Sends photos, as an album if they are several; returns the answer's element."""
    files = [photo_file(data, f"{number}.jpg") for number, data in enumerate(photos)]
    await page.set_input_files("#choose-photos", files)
    await page.click("#preview-send")
    answer = page.locator(".message.in").last
    await expect(answer.locator(".key").first).to_be_visible(timeout=120_000)
    return answer


async def press(answer: Any, label: str) -> None:
    await answer.locator(".key").filter(has_text=label).first.click()


async def cut(answer: Any) -> list[str]:
    """Labels of buttons that do not show in full, in one line."""
    labels: list[str] = await answer.locator(".key-label").evaluate_all(
        """(all) => all.filter((one) => {
            const text = document.createRange();
            text.selectNodeContents(one);
            const words = text.getBoundingClientRect();
            const key = one.parentElement.getBoundingClientRect();
            return words.height > 30 || words.left < key.left || words.right > key.right
                || words.bottom > key.bottom;
        }).map((one) => one.textContent)"""
    )
    return labels


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
@pytest.mark.parametrize("photos", [1, 3])
async def test_an_answer_with_its_buttons_takes_at_most_three_fifths_of_a_phone(
    bot: Running, open_page: Open, locale: str, photos: int
) -> None:
    page = await open_page(bot.server, viewport=PHONE, locale=locale)
    answer = await answer_on(page, *(jpeg("red", seed) for seed in range(photos)))
    box = await answer.bounding_box()
    assert box["height"] <= 0.6 * PHONE["height"]


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
async def test_every_button_of_an_answer_is_whole_on_the_smallest_phone(
    bot: Running, open_page: Open, locale: str
) -> None:
    page = await open_page(bot.server, viewport=SMALL, locale=locale)
    answer = await answer_on(page, jpeg("red", 1), jpeg("red", 2))
    assert await cut(answer) == []
    await press(answer, "✎")
    await expect(answer.locator(".key").filter(has_text="✕")).to_have_count(5)
    assert await cut(answer) == []
    await press(answer, "👍")
    await expect(answer.locator(".key").filter(has_text="✓ 👍")).to_have_count(1)
    await press(answer, "‹ ")
    await expect(answer.locator(".key").filter(has_text="✎ 👍")).to_have_count(1)
    assert await cut(answer) == []


async def test_a_hashtag_is_taken_out_on_the_page(bot: Running, open_page: Open) -> None:
    page = await open_page(bot.server, viewport=PHONE)
    answer = await answer_on(page, jpeg("red"))
    first = await answer.locator("code").first.inner_text()
    tag = first.split()[1]
    await press(answer, "✎")
    await press(answer, f"✕ {tag}")
    await expect(answer.locator("code").first).not_to_contain_text(tag)
    await expect(page.get_by_text(f"{tag} is out.")).to_be_visible()
