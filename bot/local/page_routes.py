"""Routes of the page: its files, the event stream, and sending, pressing buttons, clearing."""

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.local import limits
from bot.local.entities import Formatted
from bot.local.events import encode
from bot.local.refusals import CannotSendError
from bot.local.state import Chat, Message, State, User
from bot.own_site import page_file

STATE = web.AppKey("state", State)
PAGE = Path(__file__).parent / "page"
DEFAULT_CHAT = 1_000
PING_SECONDS = 15.0
RETRY_MS = 1000  # until the page reconnects
TOO_LARGE = 2**52
"""Telegram's numbers are smaller."""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", page)
    app.router.add_get("/page/{name}", page)
    app.router.add_get("/chat/events", events)
    app.router.add_get("/chat/files/{unique_id}", file)
    app.router.add_post("/chat/send", send)
    app.router.add_post("/chat/press", press)
    app.router.add_post("/chat/reset", reset)


async def page(request: web.Request) -> web.StreamResponse:
    """A file of the page."""
    return page_file(PAGE, request.match_info.get("name", "index.html"))


async def file(request: web.Request) -> web.StreamResponse:
    """A file of a message: photos to be shown, all others to be saved."""
    stored = request.app[STATE].files.get(request.match_info["unique_id"])
    if stored is None or stored.size > len(stored.data):
        raise web.HTTPNotFound(text="This file is no longer kept.")
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
        "Content-Type": "image/jpeg",
    }
    if stored.path.startswith("documents/"):
        headers["Content-Type"] = "application/octet-stream"
        headers["Content-Disposition"] = "attachment"
    return web.Response(body=stored.data, headers=headers)


async def events(request: web.Request) -> web.StreamResponse:
    """The event stream: a snapshot of the chat, then everything that happens in it."""
    state = request.app[STATE]
    chat, user = _enter(state, request.query)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    if request.method == "HEAD":  # the page asks why it was refused
        return response
    # No await between these two, so no event is missed or sent twice.
    queue = chat.listeners.subscribe(user["id"])
    first = encode("snapshot", _snapshot(state, chat, user))
    try:
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n".encode() + first)
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                await response.write(b":\n\n")
                continue
            if event is None:
                break
            await response.write(encode(*event))
    except ConnectionError:
        pass  # the page was closed
    finally:
        chat.listeners.unsubscribe(queue)
    return response


def _snapshot(state: State, chat: Chat, user: User) -> dict[str, Any]:
    return {
        "chat": chat.as_object(),
        "user": user,
        "bot": state.bot,
        "commands": state.commands_for(chat, user),
        "messages": list(chat.messages.values()),
    }


async def send(request: web.Request) -> web.StreamResponse:
    """Sends a person's message: text, photos (several are an album), or one other file."""
    state = request.app[STATE]
    try:
        form = await request.post()
    except ValueError:
        raise CannotSendError("A form in UTF-8 is expected.") from None
    chat, user = _enter(state, form)
    common: dict[str, Any] = {}
    if form.get("reply_to"):
        common = state.reply_fields(chat, _integer(form, "reply_to"))
        if not common:
            raise CannotSendError("The message that this replies to is no longer there.")
    contents = await _contents(state, form)
    if len(contents) > 1:
        common["media_group_id"] = state.new_album()
    messages = [state.post(chat, user, {**common, **content}) for content in contents]
    for message in messages:
        state.updates.add("message", message)
    return web.json_response({"messages": messages})


async def press(request: web.Request) -> web.StreamResponse:
    """Presses a callback button."""
    state = request.app[STATE]
    body = await _json(request)
    chat, user = _enter(state, body)
    message: Message = chat.messages.get(_integer(body, "message_id"), {})
    row, column = _integer(body, "row"), _integer(body, "column")
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    if not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
        raise CannotSendError("This button is no longer there.")
    data = rows[row][column].get("callback_data")
    if data is None:
        raise CannotSendError("This button does not ask the bot anything.")
    return web.json_response({"callback_id": state.press(chat, user, message, data)})


async def reset(request: web.Request) -> web.StreamResponse:
    """Clears a chat; everyone in it gets a new snapshot."""
    state = request.app[STATE]
    chat, _ = _enter(state, await _json(request))
    chat.messages.clear()
    for user_id in chat.listeners.users():
        snapshot = _snapshot(state, chat, chat.members[user_id])
        chat.listeners.publish("snapshot", snapshot, only_user=user_id)
    return web.json_response({})


def _enter(state: State, fields: Any) -> tuple[Chat, User]:
    """The chat and the person of a request, created if they are new."""
    chat_id = _integer(fields, "chat", DEFAULT_CHAT)
    user_id = _integer(fields, "user", chat_id if chat_id > 0 else DEFAULT_CHAT)
    if chat_id == 0 or user_id <= 0 or user_id == state.bot["id"]:
        raise CannotSendError("There can be no such chat.")
    if chat_id > 0 and user_id != chat_id:
        raise CannotSendError("In a private chat the person's id is the chat's id.")
    chat = state.open_chat(chat_id)
    user = chat.members.setdefault(user_id, {"id": user_id, "is_bot": False, "first_name": "You"})
    if name := str(fields.get("name") or "")[:64]:
        user["first_name"] = name
    if language := str(fields.get("language") or "")[:35]:
        user["language_code"] = language
    return chat, user


def _integer(fields: Any, name: str, default: int | None = None) -> int:
    value = fields.get(name)
    if value in (None, "") and default is not None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = TOO_LARGE
    if abs(number) >= TOO_LARGE:
        raise CannotSendError("{name} must be a whole number.", name=name)
    return number


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise CannotSendError("A JSON object in UTF-8 is expected.")
    return body


async def _contents(state: State, form: Any) -> list[dict[str, Any]]:
    """The fields of each message that a form makes."""
    uploads = [(kind, part) for kind, part in form.items() if isinstance(part, web.FileField)]
    # Browsers send the line breaks of a form as \r\n.
    text = str(form.get("text") or "").replace("\r", "")
    # One caption, or one for each photo of an album.
    captions = [str(caption).replace("\r", "") for caption in form.getall("caption", [])]
    if not uploads:
        too_long = "A message has at most {limit} characters."
        fields = state.text_fields(
            "text", Formatted(text), CannotSendError(too_long, limit=limits.MAX_TEXT)
        )
        if not fields:
            raise CannotSendError("There is nothing to send.")
        return [fields]
    if len(uploads) > 1 and {kind for kind, _ in uploads} != {"photo"}:
        raise CannotSendError("Only photos can be sent several at once.")
    if len(uploads) > limits.MAX_ALBUM:
        most = "At most {limit} photos can be sent at once."
        raise CannotSendError(most, limit=limits.MAX_ALBUM)
    too_long = "A caption has at most {limit} characters."
    captioned = [
        state.text_fields(
            "caption", Formatted(caption), CannotSendError(too_long, limit=limits.MAX_CAPTION)
        )
        for caption in captions
    ]
    contents = [await _upload(state, *upload) for upload in uploads]
    for content, fields in zip(contents, captioned, strict=False):
        content |= fields
    return contents


async def _upload(state: State, kind: str, part: web.FileField) -> dict[str, Any]:
    data = await asyncio.to_thread(part.file.read)
    if not data and kind != "document":
        raise CannotSendError("There is nothing in this file.")
    if kind == "photo":
        return {"photo": await state.files.add_photo(data)}
    document = await state.files.add_document(data, part.filename or "file", part.content_type)
    if kind == "document":
        return {"document": document}
    # Videos are not decoded: the bot only has to refuse them kindly.
    moving = document | {"width": 512, "height": 512, "duration": 1}
    if kind == "video":
        return {"video": moving}
    if kind == "animation":
        return {"animation": moving, "document": document}
    if kind == "sticker":
        file_fields = {name: document[name] for name in ("file_id", "file_unique_id", "file_size")}
        looks = {"type": "regular", "width": 512, "height": 512, "emoji": "🙂"}
        return {"sticker": {**file_fields, **looks, "is_animated": False, "is_video": False}}
    raise CannotSendError("A file cannot be sent as {kind}.", kind=kind)
