"""The chat page in a real browser: the bot that it talks to, and what tests do on it."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from telegram import CopyTextButton, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

FIVE = "#goldenretriever #dogsofinstagram #snowday #puppy #winterdog"
MORE = "#doglover #snowdog"
Open = Callable[..., Any]
"""Opens the chat page; takes options of a browser context."""


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


def messages_on(page: Any) -> Any:
    return page.locator(".message")


def answer_on(page: Any) -> Any:
    return messages_on(page).filter(has_text="Best five")


def photo_file(data: bytes, name: str = "dog.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


async def send_photo(page: Any, data: bytes, caption: str = "") -> None:
    await page.set_input_files("#choose-photos", [photo_file(data)])
    await page.get_by_role("textbox", name="Add a caption").fill(caption)
    await page.keyboard.press("Enter")


async def says_for_a_moment(page: Any, text: str) -> None:
    """Waits until a toast shows a text, looking at each frame: it is gone again after seconds."""
    shows = "text => document.getElementById('toasts').textContent.includes(text)"
    await page.wait_for_function(shows, arg=text, timeout=60_000)


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
