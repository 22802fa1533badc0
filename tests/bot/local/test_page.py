"""The chat page in a real browser: texts, commands, replies, and the line to the server."""

import re
from typing import Any

import pytest
from browser import (
    HashtagBot,
    Open,
    messages_on,
)

from bot.local import LocalServer

expect = pytest.importorskip("playwright.async_api", reason="playwright is not installed").expect


async def test_the_first_visit_invites_to_send_a_photo_and_start_starts(
    hashtag_bot: HashtagBot, open_page: Open
) -> None:
    page = await open_page()
    await expect(page.get_by_role("heading", name="What can this bot do?")).to_be_visible()
    await expect(page.get_by_role("button", name="Choose a photo")).to_be_visible()
    await page.get_by_role("button", name="Start").click()
    await expect(messages_on(page).first).to_contain_text("/start")
    await expect(messages_on(page).last).to_contain_text("Hello in en! Try /ask.")
    await expect(messages_on(page).last.locator("b")).to_have_text("Hello")
    await expect(messages_on(page).last.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    await expect(page.get_by_role("heading", name="What can this bot do?")).to_be_hidden()


async def test_a_typed_slash_offers_the_commands_and_enter_sends_the_chosen_one(page: Any) -> None:
    await page.keyboard.type("/")
    options = page.get_by_role("option")
    await expect(options).to_have_count(2)
    await page.keyboard.type("as")
    await expect(options).to_have_text(["/askAsk me"])
    await page.keyboard.press("Enter")
    await expect(messages_on(page).filter(has_text="/ask")).to_have_count(2)
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    await expect(messages_on(page).last.locator("i")).to_have_text("dog")


async def test_on_a_phone_what_a_command_does_stands_under_its_name(
    hashtag_bot: HashtagBot, open_page: Open
) -> None:
    page = await open_page(viewport={"width": 390, "height": 844})
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("textbox", name="Message").fill("/")
    option = page.get_by_role("option").first
    name, does = option.locator(".command-name"), option.locator(".command-does")
    above, below = await name.bounding_box(), await does.bounding_box()
    assert above["x"] == below["x"] and above["y"] + above["height"] / 2 < below["y"]


async def test_a_command_in_a_message_is_sent_when_it_is_tapped(page: Any) -> None:
    await messages_on(page).last.get_by_role("button", name="/ask").click()
    await expect(messages_on(page).last.locator("code")).to_have_text("a  b")


async def test_enter_sends_and_shift_enter_breaks_the_line(page: Any) -> None:
    await page.get_by_role("textbox", name="Message").fill("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(messages_on(page).last).to_contain_text("You said: one\ntwo", use_inner_text=True)


async def test_a_message_can_be_answered_from_its_menu(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("first")
    await page.keyboard.press("Enter")
    reply = messages_on(page).filter(has_text="You said: first")
    await reply.click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await expect(page.locator("#reply-bar")).to_contain_text("You said: first")
    await field.fill("second")
    await page.keyboard.press("Enter")
    await expect(messages_on(page).last).to_contain_text("About You said: first: second")
    await expect(page.locator("#reply-bar")).to_be_hidden()


async def test_what_is_written_after_the_bot_asked_answers_the_question(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("/wish")
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply-bar")).to_contain_text("Which hashtags?")
    await expect(field).to_have_attribute("placeholder", "#one #two")
    await field.fill("#sea")
    await page.keyboard.press("Enter")
    await expect(messages_on(page).last).to_contain_text("About Which hashtags?: #sea")
    await expect(field).to_have_attribute("placeholder", "Message")


async def test_what_is_refused_is_said_kindly_and_nothing_written_is_lost(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    text = "long " * 1000
    await field.fill(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("at most 4096 characters")).to_be_visible()
    await expect(field).to_have_value(text.strip())


async def test_what_is_refused_stays_a_reply(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("first")
    await page.keyboard.press("Enter")
    await messages_on(page).filter(has_text="You said: first").click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await field.fill("long " * 1000)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("at most 4096 characters")).to_be_visible()
    await expect(page.locator("#reply-bar")).to_be_visible()


async def test_what_people_write_is_never_taken_for_html(page: Any) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    await page.get_by_role("textbox", name="Message").fill(attack)
    await page.keyboard.press("Enter")
    await expect(messages_on(page).last).to_contain_text(f"You said: {attack}")
    await expect(messages_on(page).last.locator("img, b")).to_have_count(0)
    assert await page.title() == "tag4pic"


async def test_a_lost_connection_is_shown_and_found_again(
    server: LocalServer, open_page: Open
) -> None:
    page = await open_page()
    port = int(server.url.rpartition(":")[2])
    await server.stop()
    await expect(page.get_by_text("Connection lost")).to_be_visible()
    await server.start(port=port)
    await expect(page.get_by_text("Connection lost")).to_be_hidden(timeout=120_000)


async def test_the_address_does_not_show_the_key(server: LocalServer, open_page: Open) -> None:
    page = await open_page()
    assert page.url == f"{server.url}/"
    await page.reload()
    await expect(page.get_by_role("button", name="Start")).to_be_visible()


async def test_a_page_of_an_earlier_start_says_to_open_the_new_address(
    server: LocalServer, open_page: Open
) -> None:
    page = await open_page()
    port = int(server.url.rpartition(":")[2])
    await server.stop()
    another = LocalServer(server.token)
    await another.start(port=port)
    try:
        await expect(page.get_by_text("Open the address it printed")).to_be_visible()
    finally:
        await another.stop()


async def test_a_link_in_a_text_opens_beside_the_chat(page: Any) -> None:
    await page.get_by_role("textbox", name="Message").fill("see https://example.com/a_(b).")
    await page.keyboard.press("Enter")
    link = messages_on(page).last.get_by_role("link", name="https://example.com/a_(b)", exact=True)
    await expect(link).to_have_attribute("href", "https://example.com/a_(b)")
    await expect(link).to_have_attribute("target", "_blank")


async def test_an_address_of_no_chat_says_so_and_leads_to_the_usual_one(
    server: LocalServer, open_page: Open
) -> None:
    page = await open_page()
    await page.goto(f"{server.url}/?chat=abc")
    await expect(page.get_by_text("There is no such chat")).to_be_visible()
    await page.get_by_role("link", name="Open the usual chat").click()
    await expect(page.get_by_role("button", name="Start")).to_be_visible()
    await expect(page.get_by_text("There is no such chat")).to_be_hidden()


async def test_a_cleared_chat_begins_again(page: Any) -> None:
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Clear chat").click()
    await page.get_by_role("dialog").get_by_role("button", name="Clear chat").click()
    await expect(messages_on(page)).to_have_count(0)
    await expect(page.get_by_role("button", name="Start")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "time"), [("en-US", "5:01 PM"), ("en-GB", "17:01"), ("ru-RU", "17:01")]
)
async def test_times_are_written_as_where_the_person_lives(
    hashtag_bot: HashtagBot, open_page: Open, locale: str, time: str
) -> None:
    page = await open_page(locale=locale, timezone_id="UTC")
    afternoon = await page.evaluate(
        "import('/page/texts.js').then(texts => texts.timeOf(Date.UTC(2026, 10, 26, 17, 1) / 1000))"
    )
    assert afternoon.replace("\u202f", " ") == time


async def test_a_russian_browser_gets_a_russian_page_and_says_so_to_the_bot(
    hashtag_bot: HashtagBot, open_page: Open
) -> None:
    page = await open_page(locale="ru-RU")
    await page.get_by_role("button", name="Начать").click()
    await expect(messages_on(page).last).to_contain_text("Hello in ru")
    await expect(page.get_by_role("textbox", name="Сообщение")).to_be_visible()
