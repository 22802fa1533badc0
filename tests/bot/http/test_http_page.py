"""The page to try it, in a real browser."""

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any, get_args

import pytest
from http_client import Client, Serve

from recommenders.photos import Reason
from tests.colours import jpeg

expect = pytest.importorskip("playwright.async_api", reason="playwright is not installed").expect
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
async def open_page(browser: Any) -> AsyncIterator[Any]:
    """Opens the page of a server: await open_page(client, locale="ru-RU", …)."""
    complaints: list[str] = []
    contexts: list[Any] = []

    async def opening(client: Client, **options: Any) -> Any:
        context = await browser.new_context(**{"locale": "en-GB"} | options)
        contexts.append(context)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda one: one.type == "error" and complaints.append(one.text))
        await page.goto(client.server.url)
        return page

    yield opening
    for context in contexts:
        await context.close()
    refused = "Failed to load resource"  # what the browser itself says of a refusal
    assert [text for text in complaints if refused not in text] == []


async def choose(page: Any, *photos: tuple[str, bytes]) -> None:
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos]
    await page.set_input_files("#files", files)


async def test_a_photos_hashtags_are_shown_left_out_and_copied(ask: Client, open_page: Any) -> None:
    page = await open_page(ask)
    await choose(page, ("red.jpg", jpeg("red")), ("notes.txt", b"no photo, and long enough"))
    card, other = page.locator(".photo").nth(0), page.locator(".photo").nth(1)
    await expect(card.locator(".chip").first).to_have_text("#red1")
    await expect(card.locator(".chips:not(.rest) .chip")).to_have_count(5)
    await expect(other).to_contain_text("This cannot be read as an image.")
    await card.get_by_role("button", name="#red2", exact=True).click()
    await card.get_by_role("button", name="Copy 5").click()
    await expect(card.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == "#red1 #red3 #red4 #red5 #red6"
    await page.locator("#platform").select_option("Threads")
    await expect(card.locator(".chip")).to_have_text(["#red1"])


async def test_on_a_phone_in_russian_everything_fits_and_the_key_is_asked_for(
    serve: Serve, open_page: Any
) -> None:
    ask = await serve(key="a-key-of-24-letters-0815")
    page = await open_page(ask, locale="ru-RU", **PHONE)
    await expect(page.get_by_role("heading", name="Хештеги к вашему фото")).to_be_visible()
    await choose(page, ("blue.jpg", jpeg("blue")))
    await page.get_by_label("Ключ", exact=True).fill("wrong")
    await page.get_by_role("button", name="Продолжить").click()
    await page.get_by_label("Ключ", exact=True).fill("a-key-of-24-letters-0815")
    await page.get_by_role("button", name="Продолжить").click()
    await expect(page.locator(".chip").first).to_contain_text("#")
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


async def test_on_a_phone_the_hashtags_of_a_portrait_photo_are_in_view(
    ask: Client, open_page: Any
) -> None:
    page = await open_page(ask, **PHONE)
    await choose(page, ("red.jpg", jpeg("red", size=(900, 1600))))
    await expect(page.locator(".chips:not(.rest, .skeleton) .chip")).to_have_count(5)
    await expect(page.locator(".chips:not(.rest) .chip").last).to_be_in_viewport(ratio=1)


def test_every_reason_why_a_photo_is_not_read_has_words_in_both_languages() -> None:
    texts = (files("bot.http") / "page" / "texts.js").read_text(encoding="utf-8")
    named = set(re.findall(r"^  (\w+): \[", texts, re.MULTILINE))
    assert {*get_args(Reason), "slow", "cut_off"} <= named
