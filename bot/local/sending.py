"""Methods by which the bot puts messages into a chat."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.local import files, rules
from bot.local.chats import Chat, Message, State
from bot.local.entities import from_parameter
from bot.local.formatting import Formatted, ParseError, parse_html
from bot.local.parameters import Arguments, Upload
from bot.local.rules import RefusalError, bad_request

_CAPTION = ("caption", "caption_entities")
_PREVIEW = {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
# What belongs to a message's place and is not carried along when it is forwarded or copied.
_OF_PLACE = frozenset(
    (
        *("message_id", "from", "chat", "date", "edit_date", "reply_to_message", "quote"),
        *("reply_markup", "media_group_id", "forward_origin", "has_protected_content"),
    )
)


def formatted(text: str | None, parse_mode: str | None, entities: Any) -> Formatted:
    """A bot's text by its parse_mode or its entities; RefusalError when it cannot be read."""
    source = text or ""
    mode = (parse_mode or "").lower()
    if mode == "html":
        try:
            return parse_html(source)
        except ParseError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    if mode in ("markdown", "markdownv2"):
        raise bad_request("the local server reads parse_mode HTML only")
    if mode:
        raise bad_request("unsupported parse_mode")
    if entities:
        return from_parameter(source, entities)
    return Formatted(source)


def text_fields(state: State, p: Mapping[str, Any] | Arguments, too_long: str) -> dict[str, Any]:
    """``text`` and ``entities`` of a call; RefusalError when there is no text, or too much."""
    content = formatted(p["text"], p["parse_mode"], p["entities"])
    fields = state.text_fields(content, ("text", "entities"), rules.MAX_TEXT, too_long)
    if "text" not in fields:
        raise bad_request("message text is empty")
    preview = p["link_preview_options"]
    if preview:
        if not isinstance(preview, Mapping) or not set(preview) <= _PREVIEW:
            raise bad_request("can't parse LinkPreviewOptions")
        fields["link_preview_options"] = dict(preview)
    return fields


def caption_fields(state: State, p: Mapping[str, Any] | Arguments) -> dict[str, Any]:
    """``caption`` and ``caption_entities`` of a call; RefusalError when the caption is too long."""
    content = formatted(p["caption"], p["parse_mode"], p["caption_entities"])
    fields = state.text_fields(content, _CAPTION, rules.MAX_CAPTION, "message caption is too long")
    if p["show_caption_above_media"]:
        fields["show_caption_above_media"] = True
    return fields


def writable_chat(state: State, p: Arguments) -> Chat:
    """The chat to write into; RefusalError when there is none, or it blocked the bot."""
    chat = state.find_chat(p["chat_id"])
    if chat.blocked:
        raise RefusalError(403, "Forbidden: bot was blocked by the user")
    return chat


def common_fields(state: State, chat: Chat, p: Arguments) -> dict[str, Any]:
    """What every message can have: the message replied to, protection, an inline keyboard."""
    fields = _reply_fields(state, chat, p["reply_parameters"])
    if p["protect_content"]:
        fields["has_protected_content"] = True
    keyboard = rules.check_keyboard(p["reply_markup"])
    if keyboard:
        fields["reply_markup"] = keyboard
    return fields


def _reply_fields(state: State, chat: Chat, reply: Any) -> dict[str, Any]:
    if not reply:
        return {}
    if not isinstance(reply, Mapping) or "message_id" not in reply:
        raise bad_request("can't parse reply parameters JSON object")
    target = chat
    if reply.get("chat_id") not in (None, chat.id):
        target = state.find_chat(reply["chat_id"])
    fields = state.reply_fields(target, reply["message_id"])
    if not fields and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    if fields and reply.get("quote"):
        fields["quote"] = _quote(fields["reply_to_message"], reply)
    return fields


def _quote(target: Message, reply: Mapping[str, Any]) -> dict[str, Any]:
    quote = formatted(reply["quote"], reply.get("quote_parse_mode"), reply.get("quote_entities"))
    at = str(target.get("text", target.get("caption", ""))).find(quote.text)
    if at < 0:
        raise bad_request("QUOTE_TEXT_INVALID")
    return {"text": quote.text, "position": at, "is_manual": True}


def _posted(state: State, chat: Chat, fields: dict[str, Any], p: Arguments) -> Message:
    """Post the bot's message; where it forces a reply, those who are meant are asked for one."""
    message = state.post(chat, state.bot, fields)
    markup = p["reply_markup"] or {}
    if markup.get("force_reply"):
        chat.ask_for_reply(
            message, markup.get("input_field_placeholder"), selective=bool(markup.get("selective"))
        )
    return message


async def send_message(state: State, p: Arguments) -> Message:
    chat = writable_chat(state, p)
    fields = text_fields(state, p, "message is too long")
    return _posted(state, chat, fields | common_fields(state, chat, p), p)


async def send_photo(state: State, p: Arguments) -> Message:
    chat = writable_chat(state, p)
    fields = caption_fields(state, p) | common_fields(state, chat, p)
    fields["photo"] = await _photo(state, p["photo"], p.upload(p["photo"], "photo"))
    if p["has_spoiler"]:
        fields["has_media_spoiler"] = True
    return _posted(state, chat, fields, p)


async def send_document(state: State, p: Arguments) -> Message:
    chat = writable_chat(state, p)
    fields = caption_fields(state, p) | common_fields(state, chat, p)
    upload = p.upload(p["document"], "document")
    fields["document"] = await _document(state, p["document"], upload)
    return _posted(state, chat, fields, p)


async def send_media_group(state: State, p: Arguments) -> list[Message]:
    chat = writable_chat(state, p)
    items = p["media"]
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise bad_request("can't parse media: expected an Array of InputMedia")
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > rules.MAX_ALBUM:
        raise bad_request("too many messages to send as an album")
    if len({item.get("type") for item in items}) > 1:
        raise bad_request("document can't be mixed with other media types")
    # Everything is checked before anything is sent: an album arrives as a whole or not at all.
    contents = [await _album_item(state, item, p) for item in items]
    common = common_fields(state, chat, p)
    if len(contents) > 1:
        common["media_group_id"] = state.new_album()
    return [state.post(chat, state.bot, {**content, **common}) for content in contents]


async def _album_item(state: State, item: Mapping[str, Any], p: Arguments) -> dict[str, Any]:
    known = {"type", "media", "caption", "parse_mode", "caption_entities"}
    if item.get("type") == "photo":
        known |= {"show_caption_above_media", "has_spoiler"}
    elif item.get("type") == "document":
        known |= {"thumbnail", "disable_content_type_detection"}
    else:
        raise bad_request("can't parse InputMedia: the local server sends photos and documents")
    if unknown := set(item) - known:
        raise bad_request(f"can't parse InputMedia: unknown field {sorted(unknown)[0]}")
    fields = caption_fields(state, Arguments(dict(item), {}))
    if item.get("has_spoiler"):
        fields["has_media_spoiler"] = True
    media = item.get("media")
    upload = p.upload(media)
    if item["type"] == "photo":
        return fields | {"photo": await _photo(state, media, upload)}
    return fields | {"document": await _document(state, media, upload)}


async def _photo(state: State, value: Any, upload: Upload | None) -> list[dict[str, Any]]:
    if upload is None:
        return list(_sent_again(state, value, "photo"))
    if len(upload.data) > rules.MAX_PHOTO_UPLOAD:
        raise bad_request(f"file of size {len(upload.data)} bytes is too big for a photo")
    if not upload.data:
        raise bad_request("file must be non-empty")
    try:
        sizes = await asyncio.to_thread(files.photo_sizes, upload.data)
    except files.UnreadablePhotoError:
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    return state.files.add_photo(upload.data, sizes)


async def _document(state: State, value: Any, upload: Upload | None) -> dict[str, Any]:
    if upload is None:
        return dict(_sent_again(state, value, "document"))
    if not upload.data:
        raise bad_request("file must be non-empty")
    small = await asyncio.to_thread(files.thumbnail, upload.data)
    kind = files.guess_mime_type(upload.name, upload.mime_type)
    return state.files.add_document(upload.data, upload.name, kind, small)


def _sent_again(state: State, value: Any, kind: str) -> Any:
    """What a file_id stands for; RefusalError for all else: nothing is fetched from URLs."""
    if not value:
        raise bad_request(f"there is no {kind} in the request")
    known = state.files.sent_again(value, kind) if isinstance(value, str) else None
    if known is None:
        if str(value).startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return known


async def forward_message(state: State, p: Arguments) -> Message:
    chat, source = _source(state, p, "forward")
    origin = {"type": "user", "date": source["date"], "sender_user": source["from"]}
    fields = _content(source) | {"forward_origin": source.get("forward_origin", origin)}
    if p["protect_content"]:
        fields["has_protected_content"] = True
    return state.post(chat, state.bot, fields)


async def copy_message(state: State, p: Arguments) -> dict[str, int]:
    chat, source = _source(state, p, "copy")
    fields = _content(source)
    if p["caption"] is not None and "text" not in fields:
        fields = {k: v for k, v in fields.items() if k not in _CAPTION} | caption_fields(state, p)
    sent = _posted(state, chat, fields | common_fields(state, chat, p), p)
    return {"message_id": sent["message_id"]}


def _source(state: State, p: Arguments, verb: str) -> tuple[Chat, Message]:
    chat = writable_chat(state, p)
    source = state.find_chat(p["from_chat_id"]).messages.get(p["message_id"] or 0)
    if source is None:
        raise bad_request(f"message to {verb} not found")
    return chat, source


def _content(message: Message) -> dict[str, Any]:
    """A message without what belongs to its place: id, sender, date, replies and buttons."""
    return {name: value for name, value in message.items() if name not in _OF_PLACE}


async def send_chat_action(state: State, p: Arguments) -> bool:
    chat = writable_chat(state, p)
    if p["action"] not in rules.CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.listeners.publish("action", {"action": p["action"]})
    return True
