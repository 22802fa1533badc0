"""A local server, a person, and a tiny bot of python-telegram-bot to talk to."""

import io
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
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


@pytest.fixture
async def echo(server: LocalServer) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    """An application that polls the server and answers everything."""
    app = (
        ApplicationBuilder()
        .token(TOKEN)
        .base_url(server.base_url)
        .base_file_url(server.base_file_url)
        .concurrent_updates(True)
        .build()
    )
    app.add_handler(CommandHandler("start", _start))
    app.add_handler(MessageHandler(filters.PHOTO, _photo))
    app.add_handler(MessageHandler(filters.TEXT, _text))
    app.add_handler(MessageHandler(filters.ALL, _other))
    app.add_handler(CallbackQueryHandler(_pressed))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling()
        yield app
        await app.updater.stop()
        await app.stop()


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
