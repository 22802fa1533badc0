"""The chat page in a real browser: photos and files, and the buttons of an answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from browser import (
    FIVE,
    MORE,
    HashtagBot,
    Open,
    answer_on,
    clipboard,
    hand_over,
    messages_on,
    photo_file,
    says_for_a_moment,
    send_photo,
)

expect = pytest.importorskip("playwright.async_api", reason="playwright is not installed").expect
Picture = Callable[..., bytes]


async def test_a_photo_is_shown_while_the_bot_types_and_then_answered(
    page: Any, hashtag_bot: HashtagBot, picture: Picture
) -> None:
    hashtag_bot.gate.clear()
    await send_photo(page, picture(900, 600), caption="Max, first snow")
    sent = messages_on(page).filter(has=page.get_by_role("button", name="Open the photo"))
    await expect(sent).to_contain_text("Max, first snow")
    await expect(sent.locator("img")).to_have_js_property("complete", True)
    await expect(page.locator("#status")).to_have_text("typing")
    hashtag_bot.gate.set()
    await expect(answer_on(page)).to_contain_text(FIVE)
    await expect(page.locator("#status")).to_have_text("bot")
    await expect(answer_on(page).locator(".quote img")).to_be_visible()
    await expect(answer_on(page).locator(".quote")).to_contain_text("Max, first snow")


async def test_a_block_of_hashtags_is_copied_with_a_tap(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    said = says_for_a_moment(page, "Copied to clipboard")
    await asyncio.gather(said, answer_on(page).locator("code").nth(1).click())
    assert await clipboard(page) == MORE


async def test_the_copy_button_copies_its_text(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    button = answer_on(page).get_by_role("button", name="Copy five", exact=True)
    said = says_for_a_moment(page, "Copied to clipboard")
    await asyncio.gather(said, button.press("Enter"))
    assert await clipboard(page) == FIVE


async def test_one_photo_is_not_counted_in_russian(
    hashtag_bot: HashtagBot, open_page: Open, picture: Picture
) -> None:
    page = await open_page(locale="ru-RU")
    await page.get_by_role("button", name="Начать").click()
    await page.set_input_files("#choose-photos", [photo_file(picture(), "a.jpg")])
    await expect(page.get_by_role("heading", name="Отправить фото", exact=True)).to_be_visible()


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_photo_can_be_handed_over(page: Any, picture: Picture, kind: str) -> None:
    await hand_over(page, kind, picture())
    await expect(page.get_by_role("heading", name="Send a photo")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(answer_on(page)).to_contain_text(FIVE)


async def test_several_photos_are_one_album_and_open_at_full_size(
    page: Any, picture: Picture
) -> None:
    sizes = [(900, 600), (600, 900), (500, 500)]
    files = [photo_file(picture(*size), f"{size}.jpg") for size in sizes]
    await page.set_input_files("#choose-photos", files)
    await expect(page.get_by_role("heading", name="Send 3 photos")).to_be_visible()
    await page.keyboard.press("Enter")
    album = messages_on(page).filter(has=page.locator(".album"))
    await expect(album.get_by_role("button", name="of 3")).to_have_count(3)
    await expect(album).to_have_count(1)
    await album.get_by_role("button", name="Photo 2 of 3").click()
    viewer = page.get_by_role("dialog", name="Photo")
    await expect(viewer.locator("img")).to_have_js_property("naturalHeight", 900)
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_a_caption_is_sent_once_though_a_later_photo_fails(
    page: Any, picture: Picture
) -> None:
    with_caption: list[bool] = []

    async def second_fails(route: Any) -> None:
        with_caption.append(b"at sea" in route.request.post_data_buffer)
        await (route.abort() if len(with_caption) == 2 else route.continue_())

    await page.route("**/chat/send", second_fails)
    await page.reload()  # an open page may send its next request past a new route
    files = [photo_file(picture(), f"{number}.jpg") for number in range(11)]
    await page.set_input_files("#choose-photos", files)
    await page.get_by_role("textbox", name="Caption").fill("at sea")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Send a photo")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert with_caption == [True, False, False]


async def test_a_photo_can_be_sent_as_a_file_without_compression(
    page: Any, picture: Picture
) -> None:
    await page.set_input_files("#choose-photos", [photo_file(picture(), "beach.jpg")])
    await page.get_by_label("Send as a file, without compression").check()
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    await expect(messages_on(page).last).to_contain_text("A file: beach.jpg")
    await expect(page.get_by_role("link", name="beach.jpg")).to_be_visible()


async def test_a_button_waits_for_the_answer_and_the_message_changes_in_place(
    page: Any, hashtag_bot: HashtagBot, picture: Picture
) -> None:
    await send_photo(page, picture())
    await expect(answer_on(page)).to_be_visible()
    hashtag_bot.gate.clear()
    button = answer_on(page).get_by_role("button", name="More like this")
    count = await messages_on(page).count()
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    hashtag_bot.gate.set()
    await expect(messages_on(page).last).to_contain_text("Here is more: #cat")
    await expect(messages_on(page).last).to_contain_text("edited")
    await expect(page.get_by_text("Found some more")).to_be_visible()
    await expect(page.locator("#announcer")).to_have_text("tag4pic: Here is more: #cat")
    await expect(messages_on(page)).to_have_count(count)


async def test_an_alert_stays_until_it_is_answered(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    await answer_on(page).get_by_role("button", name="Add tags").click()
    alert = page.get_by_role("dialog", name="Reply with /addtags")
    await expect(alert).to_be_visible()
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_have_count(0)


async def test_a_phone_shows_everything_without_scrolling_sideways(
    hashtag_bot: HashtagBot, open_page: Open, picture: Picture
) -> None:
    phone = {"width": 320, "height": 640}
    page = await open_page(viewport=phone, is_mobile=True, has_touch=True)
    await page.get_by_role("button", name="Start").tap()
    await send_photo(page, picture(300, 1200))
    await expect(
        answer_on(page).get_by_role("button", name="Copy five", exact=True)
    ).to_be_in_viewport()
    for selector in ("html", "#scroller"):
        assert await page.locator(selector).evaluate("(e) => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize(("touch", "focused"), [(True, False), (False, True)])
async def test_looking_at_a_photo_raises_no_keyboard_on_a_phone(
    hashtag_bot: HashtagBot, open_page: Open, picture: Picture, touch: bool, focused: bool
) -> None:
    phone = {"width": 390, "height": 844}
    page = await open_page(viewport=phone, is_mobile=touch, has_touch=touch)
    await page.set_input_files("#choose-photos", [photo_file(picture())])
    await expect(page.get_by_role("heading", name="Send a photo")).to_be_visible()
    caption = page.get_by_role("textbox", name="Add a caption")
    assert await caption.evaluate("(field) => document.activeElement === field") == focused
