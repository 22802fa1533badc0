"""A local server, a person, tiny bots to talk to, and a browser with the page."""

import io
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from browser import HashtagBot, Open, messages_on
from PIL import Image
from telegram import Bot, CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.local import LocalServer
from tests.person import Person

TOKEN = "4242:a-secret-token"
BotApplication = Application[Any, Any, Any, Any, Any, Any]


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    served = LocalServer(TOKEN)
    await served.start(port=0)
    yield served
    await served.stop()


@pytest.fixture
async def ann(server: LocalServer) -> AsyncIterator[Person]:
    async with Person(server.page_url) as person:
        yield person


@pytest.fixture
async def api(server: LocalServer, ann: Person) -> AsyncIterator[Bot]:
    """A bot that calls methods by itself; Ann's chat is open."""
    async with Bot(TOKEN, server.base_url, server.base_file_url) as bot:
        yield bot


@asynccontextmanager
async def polling(server: LocalServer) -> AsyncIterator[BotApplication]:
    """An application that polls the server; its handlers may be added within."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    builder = ApplicationBuilder().token(server.token).base_url(server.base_url)
    app = builder.base_file_url(server.base_file_url).concurrent_updates(True).build()
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling()
        yield app
        await app.updater.stop()
        await app.stop()


@pytest.fixture
async def echo(server: LocalServer) -> AsyncIterator[BotApplication]:
    """A bot that answers everything."""
    async with polling(server) as app:
        app.add_handler(CommandHandler("start", _start))
        app.add_handler(MessageHandler(filters.PHOTO, _photo))
        app.add_handler(MessageHandler(filters.TEXT, _text))
        app.add_handler(MessageHandler(filters.ALL, _other))
        app.add_handler(CallbackQueryHandler(_pressed))
        yield app


async def _start(update: Update, _: Any) -> None:
    assert update.message and update.effective_user
    keyboard = [
        [
            InlineKeyboardButton("More", callback_data="more"),
            InlineKeyboardButton("Copy", copy_text=CopyTextButton("#dog #beach")),
        ]
    ]
    await update.message.reply_html(
        f"Hello, <b>{update.effective_user.first_name}</b>",
        reply_markup=InlineKeyboardMarkup(keyboard),
    )


async def _photo(update: Update, _: Any) -> None:
    assert update.message
    file = await update.message.photo[0].get_file()
    picture = Image.open(io.BytesIO(bytes(await file.download_as_bytearray())))
    await update.message.reply_text(f"{picture.width}x{picture.height}", do_quote=True)


async def _text(update: Update, _: Any) -> None:
    assert update.message and update.message.text
    await update.message.reply_text(f"You said {update.message.text}")


async def _other(update: Update, _: Any) -> None:
    assert update.message
    kinds = ("sticker", "video", "animation", "document")
    kind = next(kind for kind in kinds if getattr(update.message, kind))
    await update.message.reply_text(f"A {kind}")


async def _pressed(update: Update, _: Any) -> None:
    assert update.callback_query
    await update.callback_query.answer(f"You asked for {update.callback_query.data}")
    await update.callback_query.edit_message_text("Here is more: #cat")


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Makes the bytes of a picture: ``picture(width, height, format, mode)``."""

    def make(width: int = 640, height: int = 480, kind: str = "JPEG", mode: str = "RGB") -> bytes:
        out = io.BytesIO()
        gradient = Image.linear_gradient("L").resize((width, height))
        if mode == "I;16":
            made = Image.fromarray(np.asarray(gradient, np.uint16) * 257)
        else:
            made = gradient.convert(mode)
        made.save(out, kind)
        return out.getvalue()

    return make


@pytest.fixture
async def hashtag_bot(server: LocalServer) -> AsyncIterator[HashtagBot]:
    async with polling(server) as application:
        bot = HashtagBot(application)
        await application.bot.set_my_commands([("start", "What I do"), ("ask", "Ask me")])
        yield bot
        bot.gate.set()


@pytest.fixture
async def open_page(server: LocalServer, browser: Any) -> AsyncIterator[Open]:
    """Opens the chat page of ``server``, or of another; no page may complain in its console."""
    playwright = pytest.importorskip("playwright.async_api")
    complaints: list[str] = []
    contexts: list[Any] = []

    def listen(message: Any) -> None:
        if message.type == "error":
            complaints.append(message.text)

    async def opening(at: LocalServer = server, **context: Any) -> Any:
        options = {"locale": "en-GB", "viewport": {"width": 1000, "height": 760}} | context
        made = await browser.new_context(**options)
        contexts.append(made)
        await made.grant_permissions(["clipboard-read", "clipboard-write"], origin=at.url)
        page = await made.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", listen)
        await page.goto(at.page_url)
        await playwright.expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")
        return page

    yield opening
    for context in contexts:
        await context.close()
    refused = "Failed to load resource"  # what the browser itself says of a refusal or a lost line
    assert [text for text in complaints if refused not in text] == []


@pytest.fixture
async def page(hashtag_bot: HashtagBot, open_page: Open) -> Any:
    """The page with a chat that has begun."""
    opened = await open_page()
    await opened.get_by_role("button", name="Start").click()
    await messages_on(opened).filter(has_text="Hello in en").wait_for()
    return opened
