"""The person's side: the page, the event stream, and sending, pressing, clearing."""

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.local import files, formatting, rules
from bot.local.chats import Chat, Message, State, User
from bot.local.events import encode, for_page
from bot.local.sentences import CannotSendError, speaking

STATE = web.AppKey("state", State)
PAGE = Path(__file__).parent / "page"
DEFAULT_CHAT = 1_000
PING_SECONDS = 15.0
MAX_SEND = 64 * 2**20
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", page)
    app.router.add_get("/page/{name:.+}", page)
    app.router.add_get("/favicon.ico", page)
    app.router.add_get("/chat/events", events)
    app.router.add_get("/chat/files/{unique}", file)
    app.router.add_post("/chat/send", send)
    app.router.add_post("/chat/press", press)
    app.router.add_post("/chat/reset", reset)


async def page(request: web.Request) -> web.StreamResponse:
    """A static file of the page, with a policy that lets nothing in from elsewhere."""
    name = request.match_info.get("name", "index.html" if request.path == "/" else "favicon.ico")
    path = (PAGE / name).resolve()
    if not path.is_relative_to(PAGE) or not path.is_file():
        raise web.HTTPNotFound(text="There is no such page here.")
    headers = {
        "Content-Security-Policy": CONTENT_POLICY,
        # A page of another version beside this server would be worse than a slow one.
        "Cache-Control": "no-cache",
    }
    return web.FileResponse(path, headers=headers)


async def file(request: web.Request) -> web.StreamResponse:
    """A file of a message: pictures to be shown, everything else to be saved."""
    state = request.app[STATE]
    known = state.files.by_unique_id(request.match_info["unique"])
    data = state.files.read(known) if known else None
    if known is None or data is None:
        raise web.HTTPNotFound(text="This file is no longer kept.")
    shown = known.mime_type if known.mime_type.startswith(("image/", "video/")) else ""
    if shown == "image/svg+xml" or not shown:
        shown = "application/octet-stream"
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Type": shown}
    if shown == "application/octet-stream":
        headers["Content-Disposition"] = "attachment"
    headers["Cache-Control"] = "private, max-age=3600"
    return web.Response(body=data, headers=headers)


def _integer(value: Any, name: str, default: int | None = None) -> int:
    if value in (None, "") and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise CannotSendError("{name} must be a whole number.", name=name) from None


def _enter(state: State, given: Any) -> tuple[Chat, User]:
    """The chat and person that a request speaks of, made when they are new."""
    chat_id = _integer(given.get("chat"), "chat", DEFAULT_CHAT)
    kind = given.get("chat_type") or None
    if chat_id == 0 or kind not in (None, "private", "group", "supergroup"):
        raise CannotSendError("There can be no such chat.")
    if (kind or ("private" if chat_id > 0 else "group")) == "private" and chat_id < 0:
        raise CannotSendError("A private chat has its person's id, which is positive.")
    if kind in ("group", "supergroup") and chat_id > 0:
        raise CannotSendError("A group's id is negative.")
    user_id = _integer(given.get("user"), "user", chat_id if chat_id > 0 else DEFAULT_CHAT)
    if user_id <= 0 or user_id == state.bot["id"] or (chat_id > 0 and user_id != chat_id):
        raise CannotSendError("In a private chat the person's id is the chat's id.")
    chat = state.open_chat(chat_id, kind, str(given.get("title") or ""))
    language = str(given.get("language") or "")[:35] or None
    user = state.meet(chat, user_id, str(given.get("name") or "")[:64] or None, language)
    return chat, user


def _snapshot(state: State, chat: Chat, user: User) -> dict[str, Any]:
    return {
        "chat": chat.as_object(),
        "user": user,
        "bot": state.bot,
        "commands": state.profile.commands_for(chat.id, user["id"], user.get("language_code")),
        "messages": [for_page(message) for message in chat.messages.values()],
    }


async def events(request: web.Request) -> web.StreamResponse:
    """The chat as it is, and everything that happens in it from then on."""
    state = request.app[STATE]
    chat, user = _enter(state, request.query)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    # Subscribed before the snapshot is written: nothing that happens meanwhile is missed, and
    # nothing comes twice, since both are done without giving way to another task.
    queue = chat.listeners.subscribe(user["id"])
    first = encode("snapshot", _snapshot(state, chat, user))
    try:
        await response.write(first)
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event is None:
                break
            await response.write(encode(*event))
    except ConnectionError:
        pass  # the page was closed
    finally:
        chat.listeners.unsubscribe(queue)
    return response


async def send(request: web.Request) -> web.StreamResponse:
    """A person's message: text, photos (several are an album), or one other file."""
    state = request.app[STATE]
    try:
        form = await request.post()
    except ValueError:
        raise CannotSendError("A form in UTF-8 is expected.") from None
    with speaking(form.get("language")):
        sent = await _send(state, form)
    return web.json_response({"messages": [for_page(message) for message in sent]})


async def _send(state: State, form: Any) -> list[Message]:
    chat, user = _enter(state, form)
    reply: dict[str, Any] = {}
    if form.get("reply_to"):
        reply = state.reply_fields(chat, _integer(form["reply_to"], "reply_to"))
        if not reply:
            raise CannotSendError("The message that this replies to is no longer there.")
    contents = await _contents(state, form)
    common = dict(reply)
    if len(contents) > 1:
        common["media_group_id"] = state.new_album()
    sent = [state.post(chat, user, {**common, **content}) for content in contents]
    for message in sent:
        state.deliver(chat, message)
    return sent


async def _contents(state: State, form: Any) -> list[dict[str, Any]]:
    """The fields of each message to be made from one form."""
    uploads: list[tuple[str, str, str, bytes]] = []
    for field, value in form.items():
        if isinstance(value, web.FileField):
            if field not in ("photo", "document", "video", "sticker", "animation"):
                raise CannotSendError("A file cannot be sent as {field}.", field=field)
            data = await asyncio.to_thread(value.file.read)
            uploads.append((field, value.filename or "file", value.content_type, data))
    kinds = {field for field, *_ in uploads}
    if len(kinds) > 1 or (len(uploads) > 1 and kinds != {"photo"}):
        raise CannotSendError("Only photos can be sent several at once.")
    if len(uploads) > rules.MAX_ALBUM:
        raise CannotSendError("At most {limit} photos can be sent at once.", limit=rules.MAX_ALBUM)
    text = str(form.get("text") or "")
    if not uploads:
        return [_text(state, text)]
    caption = _caption(state, str(form.get("caption") or text))
    contents = [await _upload(state, *upload) for upload in uploads]
    contents[0] |= caption
    return contents


def _text(state: State, text: str) -> dict[str, Any]:
    try:
        fields = state.text_fields(
            formatting.Formatted(text), ("text", "entities"), rules.MAX_TEXT, ""
        )
    except rules.RefusalError:
        raise CannotSendError(
            "A message has at most {limit} characters.", limit=rules.MAX_TEXT
        ) from None
    if not fields:
        raise CannotSendError("There is nothing to send.")
    return fields


def _caption(state: State, text: str) -> dict[str, Any]:
    names = ("caption", "caption_entities")
    try:
        return state.text_fields(formatting.Formatted(text), names, rules.MAX_CAPTION, "")
    except rules.RefusalError:
        raise CannotSendError(
            "A caption has at most {limit} characters.", limit=rules.MAX_CAPTION
        ) from None


async def _upload(state: State, kind: str, name: str, mime: str, data: bytes) -> dict[str, Any]:
    if not data and kind != "document":
        raise CannotSendError("There is nothing in this file.")
    if kind == "photo":
        try:
            sizes = await asyncio.to_thread(files.photo_sizes, data)
        except files.UnreadablePhotoError as error:
            raise CannotSendError(str(error)) from None
        return {"photo": state.files.add_photo(data, sizes)}
    mime = files.guess_mime_type(name, mime)
    small = await asyncio.to_thread(files.thumbnail, data)
    document = state.files.add_document(data, name, mime, small)
    if kind == "document":
        return {"document": document}
    # Of a moving picture nothing is read: the bot is to be kind about it, not to play it.
    moving = document | {"width": 640, "height": 360, "duration": 1}
    if kind == "animation":
        return {"animation": moving, "document": document}
    if kind == "video":
        return {"video": moving}
    sticker = {k: v for k, v in document.items() if k not in ("file_name", "mime_type")}
    suffix = name.lower().rpartition(".")[2]
    return {
        "sticker": sticker
        | {"type": "regular", "width": 512, "height": 512, "emoji": "🙂"}
        | {"is_animated": suffix == "tgs", "is_video": suffix == "webm"}
    }


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
        json.dumps(body, ensure_ascii=False).encode()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise CannotSendError("A JSON object in UTF-8 is expected.")
    return body


async def press(request: web.Request) -> web.StreamResponse:
    """A pressed callback button."""
    state = request.app[STATE]
    body = await _json(request)
    with speaking(body.get("language")):
        return web.json_response({"callback_id": _press(state, body)})


def _press(state: State, body: dict[str, Any]) -> str:
    chat, user = _enter(state, body)
    message = chat.messages.get(_integer(body.get("message_id"), "message_id"))
    row = _integer(body.get("row"), "row")
    column = _integer(body.get("column"), "column")
    rows = (message or {}).get("reply_markup", {}).get("inline_keyboard", [])
    if message is None or not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
        raise CannotSendError("This button is no longer there.")
    data = rows[row][column].get("callback_data")
    if data is None:
        raise CannotSendError("This button does not ask the bot anything.")
    return state.press(chat, user, message, data)


async def reset(request: web.Request) -> web.StreamResponse:
    """Empty a chat; everyone in it gets a fresh snapshot."""
    state = request.app[STATE]
    chat, _ = _enter(state, await _json(request))
    state.clear(chat)
    for user_id in chat.listeners.users():
        snapshot = _snapshot(state, chat, chat.members[user_id])
        chat.listeners.publish("snapshot", snapshot, only_user=user_id)
    return web.json_response({})
