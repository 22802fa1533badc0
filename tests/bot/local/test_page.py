"""The chat page in a real browser, before a real local server and a bot that polls it."""

import asyncio
import base64
import logging
import re
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from telegram import CopyTextButton, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.local import LocalServer

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
expect = playwright.expect
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page in")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
FIVE = "#goldenretriever #dogsofinstagram #snowday #puppy #winterdog"
MORE = "#doglover #snowdog"
Picture = Callable[..., bytes]
Open = Callable[..., Any]


class HashtagBot:
    """Answers photos like the real one; ``gate`` holds it back while a test looks at the page."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        self.application = application
        self.gate = asyncio.Event()
        self.gate.set()
        application.add_handler(CommandHandler("start", self.start))
        application.add_handler(CommandHandler("ask", self.ask))
        application.add_handler(CommandHandler("wish", self.wish))
        application.add_handler(MessageHandler(filters.PHOTO, self.photo))
        application.add_handler(MessageHandler(filters.Document.ALL, self.document))
        application.add_handler(MessageHandler(filters.TEXT, self.text))
        application.add_handler(CallbackQueryHandler(self.pressed))

    async def start(self, update: Update, _: Any) -> None:
        assert update.message and update.effective_user
        language = update.effective_user.language_code
        await update.message.reply_html(f"<b>Hello</b> in {language}! Try /ask.")

    async def ask(self, update: Update, _: Any) -> None:
        assert update.message
        await update.message.reply_html("<i>dog</i>\n<code>a  b</code>")

    async def wish(self, update: Update, _: Any) -> None:
        assert update.message
        asking = ForceReply(selective=True, input_field_placeholder="#one #two")
        await update.message.reply_text("Which hashtags?", reply_markup=asking)

    async def photo(self, update: Update, _: Any) -> None:
        assert update.message and update.effective_chat
        await update.effective_chat.send_action(ChatAction.TYPING)
        await self.gate.wait()
        keyboard = [
            [InlineKeyboardButton("Copy five", copy_text=CopyTextButton(FIVE))],
            [
                InlineKeyboardButton("More like this", callback_data="more"),
                InlineKeyboardButton("Add tags", callback_data="alert"),
            ],
        ]
        await update.message.reply_html(
            f"<b>Best five</b>\n<code>{FIVE}</code>\n\n<b>More</b>\n<code>{MORE}</code>",
            do_quote=True,
            reply_markup=InlineKeyboardMarkup(keyboard),
        )

    async def document(self, update: Update, _: Any) -> None:
        assert update.message and update.message.document
        await update.message.reply_text(f"A file: {update.message.document.file_name}")

    async def text(self, update: Update, _: Any) -> None:
        assert update.message
        replied = update.message.reply_to_message
        answer = f"About {replied.text}: " if replied else "You said: "
        await update.message.reply_text(answer + (update.message.text or ""))

    async def pressed(self, update: Update, _: Any) -> None:
        query = update.callback_query
        assert query
        await self.gate.wait()
        if query.data == "alert":
            await query.answer("Reply with /addtags", show_alert=True)
            return
        await query.edit_message_text("Here is more: #cat")
        await query.answer("Found some more")


@pytest.fixture
async def bot(server: LocalServer) -> AsyncIterator[HashtagBot]:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    application = (
        ApplicationBuilder()
        .token(server.token)
        .base_url(server.base_url)
        .base_file_url(server.base_file_url)
        .concurrent_updates(True)
        .build()
    )
    hashtag_bot = HashtagBot(application)
    async with application:
        await application.bot.set_my_commands([("start", "What I do"), ("ask", "Ask me")])
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling()
        yield hashtag_bot
        hashtag_bot.gate.set()
        await application.updater.stop()
        await application.stop()


@pytest.fixture
async def open_page(server: LocalServer) -> AsyncIterator[Open]:
    """Opens the chat page; in the end no page may have complained in its console."""
    complaints: list[str] = []
    async with playwright.async_playwright() as p:
        browser = await p.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))

        def listen(message: Any) -> None:
            if message.type == "error":
                complaints.append(message.text)

        async def opening(**context: Any) -> Any:
            options = {"locale": "en-GB", "viewport": {"width": 1000, "height": 760}} | context
            made = await browser.new_context(**options)
            await made.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
            page = await made.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", listen)
            await page.goto(server.page_url)
            await expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")
            return page

        yield opening
        await browser.close()
    refused = "Failed to load resource"  # what the browser itself says of a refusal or a lost line
    assert [text for text in complaints if refused not in text] == []


@pytest.fixture
async def page(bot: HashtagBot, open_page: Open) -> Any:
    """The page with a chat that has begun."""
    opened = await open_page()
    await opened.get_by_role("button", name="Start").click()
    await expect(messages(opened).last).to_contain_text("Hello in en")
    return opened


def messages(page: Any) -> Any:
    return page.locator(".message")


def answer(page: Any) -> Any:
    return messages(page).filter(has_text="Best five")


def photo_file(data: bytes, name: str = "dog.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


async def send_photo(page: Any, data: bytes, caption: str = "") -> None:
    await page.set_input_files("#choose-photos", [photo_file(data)])
    await page.get_by_role("textbox", name="Add a caption").fill(caption)
    await page.keyboard.press("Enter")


async def clipboard(page: Any) -> str:
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


async def hand_over(page: Any, kind: str, data: bytes) -> None:
    """Paste a picture, or drop it onto the place for photos."""
    await page.evaluate(
        """([kind, data]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], "dog.jpg", {type: "image/jpeg"}));
            const event = {bubbles: true, cancelable: true};
            if (kind === "paste") {
                document.body.dispatchEvent(
                    new ClipboardEvent("paste", {...event, clipboardData: files}));
                return;
            }
            const drag = {...event, dataTransfer: files};
            document.body.dispatchEvent(new DragEvent("dragenter", drag));
            const zone = document.querySelector(".drop-zone[data-as=photo]");
            if (!zone.checkVisibility()) throw new Error("nowhere to drop");
            for (const name of ["dragover", "drop"]) zone.dispatchEvent(new DragEvent(name, drag));
        }""",
        [kind, base64.b64encode(data).decode()],
    )


async def test_the_first_visit_invites_to_send_a_photo_and_start_starts(
    bot: HashtagBot, open_page: Open
) -> None:
    page = await open_page()
    await expect(page.get_by_role("heading", name="What can this bot do?")).to_be_visible()
    await expect(page.get_by_role("button", name="Choose a photo")).to_be_visible()
    await page.get_by_role("button", name="Start").click()
    await expect(messages(page).first).to_contain_text("/start")
    await expect(messages(page).last).to_contain_text("Hello in en! Try /ask.")
    await expect(messages(page).last.locator("b")).to_have_text("Hello")
    await expect(messages(page).last.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    await expect(page.get_by_role("heading", name="What can this bot do?")).to_be_hidden()


async def test_a_typed_slash_offers_the_commands_and_enter_sends_the_chosen_one(page: Any) -> None:
    await page.keyboard.type("/")
    options = page.get_by_role("option")
    await expect(options).to_have_count(2)
    await page.keyboard.type("as")
    await expect(options).to_have_text(["/askAsk me"])
    await page.keyboard.press("Enter")
    await expect(messages(page).filter(has_text="/ask")).to_have_count(2)
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    await expect(messages(page).last.locator("i")).to_have_text("dog")


async def test_a_command_in_a_message_is_sent_when_it_is_tapped(page: Any) -> None:
    await messages(page).last.get_by_role("button", name="/ask").click()
    await expect(messages(page).last.locator("code")).to_have_text("a  b")


async def test_enter_sends_and_shift_enter_breaks_the_line(page: Any) -> None:
    await page.get_by_role("textbox", name="Message").fill("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(messages(page).last).to_contain_text("You said: one\ntwo", use_inner_text=True)


async def test_a_photo_is_shown_while_the_bot_types_and_then_answered(
    page: Any, bot: HashtagBot, picture: Picture
) -> None:
    bot.gate.clear()
    await send_photo(page, picture(900, 600), caption="Max, first snow")
    sent = messages(page).filter(has=page.get_by_role("button", name="Open the photo"))
    await expect(sent).to_contain_text("Max, first snow")
    await expect(sent.locator("img")).to_have_js_property("complete", True)
    await expect(page.locator("#status")).to_have_text("typing")
    bot.gate.set()
    await expect(answer(page)).to_contain_text(FIVE)
    await expect(page.locator("#status")).to_have_text("bot")
    await expect(answer(page).locator(".quote img")).to_be_visible()
    await expect(answer(page).locator(".quote")).to_contain_text("Max, first snow")


async def test_a_block_of_hashtags_is_copied_with_a_tap(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    await answer(page).locator("code").nth(1).click()
    await expect(page.get_by_text("Copied to clipboard")).to_be_visible()
    assert await clipboard(page) == MORE


async def test_the_copy_button_copies_its_text(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    await answer(page).get_by_role("button", name="Copy five", exact=True).press("Enter")
    await expect(page.get_by_text("Copied to clipboard")).to_be_visible()
    assert await clipboard(page) == FIVE


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_photo_can_be_handed_over(page: Any, picture: Picture, kind: str) -> None:
    await hand_over(page, kind, picture())
    await expect(page.get_by_role("heading", name="Send a photo")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(answer(page)).to_contain_text(FIVE)


async def test_several_photos_are_one_album_and_open_at_full_size(
    page: Any, picture: Picture
) -> None:
    sizes = [(900, 600), (600, 900), (500, 500)]
    files = [photo_file(picture(*size), f"{size}.jpg") for size in sizes]
    await page.set_input_files("#choose-photos", files)
    await expect(page.get_by_role("heading", name="Send 3 photos")).to_be_visible()
    await page.keyboard.press("Enter")
    album = messages(page).filter(has=page.locator(".album"))
    await expect(album.get_by_role("button", name="of 3")).to_have_count(3)
    await expect(album).to_have_count(1)
    await album.get_by_role("button", name="Photo 2 of 3").click()
    viewer = page.get_by_role("dialog", name="Photo")
    await expect(viewer.locator("img")).to_have_js_property("naturalHeight", 900)
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_a_photo_can_be_sent_as_a_file_without_compression(
    page: Any, picture: Picture
) -> None:
    await page.set_input_files("#choose-photos", [photo_file(picture(), "beach.jpg")])
    await page.get_by_label("Send as a file, without compression").check()
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    await expect(messages(page).last).to_contain_text("A file: beach.jpg")
    await expect(page.get_by_role("link", name="beach.jpg")).to_be_visible()


async def test_a_button_waits_for_the_answer_and_the_message_changes_in_place(
    page: Any, bot: HashtagBot, picture: Picture
) -> None:
    await send_photo(page, picture())
    await expect(answer(page)).to_be_visible()
    bot.gate.clear()
    button = answer(page).get_by_role("button", name="More like this")
    count = await messages(page).count()
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    bot.gate.set()
    await expect(messages(page).last).to_contain_text("Here is more: #cat")
    await expect(messages(page).last).to_contain_text("edited")
    await expect(page.get_by_text("Found some more")).to_be_visible()
    await expect(messages(page)).to_have_count(count)


async def test_an_alert_stays_until_it_is_answered(page: Any, picture: Picture) -> None:
    await send_photo(page, picture())
    await answer(page).get_by_role("button", name="Add tags").click()
    alert = page.get_by_role("dialog", name="Reply with /addtags")
    await expect(alert).to_be_visible()
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_have_count(0)


async def test_a_message_can_be_answered_from_its_menu(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("first")
    await page.keyboard.press("Enter")
    reply = messages(page).filter(has_text="You said: first")
    await reply.click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await expect(page.locator("#reply-bar")).to_contain_text("You said: first")
    await field.fill("second")
    await page.keyboard.press("Enter")
    await expect(messages(page).last).to_contain_text("About You said: first: second")
    await expect(page.locator("#reply-bar")).to_be_hidden()


async def test_what_is_written_after_the_bot_asked_answers_the_question(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("/wish")
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply-bar")).to_contain_text("Which hashtags?")
    await expect(field).to_have_attribute("placeholder", "#one #two")
    await field.fill("#sea")
    await page.keyboard.press("Enter")
    await expect(messages(page).last).to_contain_text("About Which hashtags?: #sea")
    await expect(field).to_have_attribute("placeholder", "Message")


async def test_what_is_refused_is_said_kindly_and_nothing_written_is_lost(page: Any) -> None:
    field = page.get_by_role("textbox", name="Message")
    text = "long " * 1000
    await field.fill(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("at most 4096 characters")).to_be_visible()
    await expect(field).to_have_value(text.strip())


async def test_what_people_write_is_never_taken_for_html(page: Any) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    await page.get_by_role("textbox", name="Message").fill(attack)
    await page.keyboard.press("Enter")
    await expect(messages(page).last).to_contain_text(f"You said: {attack}")
    await expect(messages(page).last.locator("img, b")).to_have_count(0)
    assert await page.title() == "tag4pic"


async def test_a_lost_connection_is_shown_and_found_again(
    server: LocalServer, open_page: Open
) -> None:
    page = await open_page()
    port = int(server.url.rpartition(":")[2])
    await server.stop()
    await expect(page.get_by_text("Connection lost")).to_be_visible()
    await server.start(port=port)
    await expect(page.get_by_text("Connection lost")).to_be_hidden(timeout=20_000)


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
        await expect(page.get_by_text("Open the address that it printed")).to_be_visible()
    finally:
        await another.stop()


async def test_a_link_in_a_text_opens_beside_the_chat(page: Any) -> None:
    await page.get_by_role("textbox", name="Message").fill("see https://example.com/a_(b).")
    await page.keyboard.press("Enter")
    link = messages(page).last.get_by_role("link", name="https://example.com/a_(b)", exact=True)
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
    await expect(messages(page)).to_have_count(0)
    await expect(page.get_by_role("button", name="Start")).to_be_visible()


async def test_a_russian_browser_gets_a_russian_page_and_says_so_to_the_bot(
    bot: HashtagBot, open_page: Open
) -> None:
    page = await open_page(locale="ru-RU")
    await page.get_by_role("button", name="Начать").click()
    await expect(messages(page).last).to_contain_text("Hello in ru")
    await expect(page.get_by_role("textbox", name="Сообщение")).to_be_visible()


async def test_a_phone_shows_everything_without_scrolling_sideways(
    bot: HashtagBot, open_page: Open, picture: Picture
) -> None:
    phone = {"width": 320, "height": 640}
    page = await open_page(viewport=phone, is_mobile=True, has_touch=True)
    await page.get_by_role("button", name="Start").tap()
    await send_photo(page, picture(300, 1200))
    await expect(
        answer(page).get_by_role("button", name="Copy five", exact=True)
    ).to_be_in_viewport()
    for selector in ("html", "#scroller"):
        assert await page.locator(selector).evaluate("(e) => e.scrollWidth <= e.clientWidth")
