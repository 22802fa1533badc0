"""The methods of the Bot API that the server has, their parameters, and how a request says them.

Parameters for which there is nothing here (business connections, topics, paid messages) are left
out, so that a bot which begins to use one is told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import BodyPartReader, web

from bot.local.rules import MAX_UPLOAD, RefusalError, bad_request

Kind = Literal["integer", "string", "boolean", "json", "chat", "file", "media"]
Parameters = Mapping[str, Kind]

_CHAT: Parameters = {"chat_id": "chat"}
_SEND: Parameters = {
    **_CHAT,
    "message_thread_id": "integer",
    "disable_notification": "boolean",
    "protect_content": "boolean",
    "allow_paid_broadcast": "boolean",
    "message_effect_id": "string",
    "reply_parameters": "json",
    "reply_markup": "json",
}
_TEXT: Parameters = {
    "text": "string",
    "parse_mode": "string",
    "entities": "json",
    "link_preview_options": "json",
}
_CAPTION: Parameters = {
    "caption": "string",
    "parse_mode": "string",
    "caption_entities": "json",
}
_ABOVE: Parameters = {"show_caption_above_media": "boolean"}
_EDIT: Parameters = {**_CHAT, "message_id": "integer", "reply_markup": "json"}
_LANGUAGE: Parameters = {"language_code": "string"}
_SCOPE: Parameters = {"scope": "json", **_LANGUAGE}
_FORWARD: Parameters = {
    **_CHAT,
    "message_thread_id": "integer",
    "from_chat_id": "chat",
    "message_id": "integer",
    "disable_notification": "boolean",
    "protect_content": "boolean",
}

METHODS: Mapping[str, Parameters] = {
    "getMe": {},
    "logOut": {},
    "close": {},
    "getUpdates": {
        "offset": "integer",
        "limit": "integer",
        "timeout": "integer",
        "allowed_updates": "json",
    },
    "setWebhook": {
        "url": "string",
        "certificate": "file",
        "ip_address": "string",
        "max_connections": "integer",
        "allowed_updates": "json",
        "drop_pending_updates": "boolean",
        "secret_token": "string",
    },
    "deleteWebhook": {"drop_pending_updates": "boolean"},
    "getWebhookInfo": {},
    "sendMessage": {**_SEND, **_TEXT},
    "sendPhoto": {**_SEND, **_CAPTION, **_ABOVE, "photo": "file", "has_spoiler": "boolean"},
    "sendDocument": {
        **_SEND,
        **_CAPTION,
        "document": "file",
        "thumbnail": "file",
        "disable_content_type_detection": "boolean",
    },
    "sendMediaGroup": {
        **{name: kind for name, kind in _SEND.items() if name != "reply_markup"},
        "media": "media",
    },
    "sendChatAction": {**_CHAT, "message_thread_id": "integer", "action": "string"},
    "forwardMessage": {**_FORWARD, "message_effect_id": "string"},
    "copyMessage": {
        **_FORWARD,
        **_CAPTION,
        **_ABOVE,
        "allow_paid_broadcast": "boolean",
        "message_effect_id": "string",
        "reply_parameters": "json",
        "reply_markup": "json",
    },
    "editMessageText": {**_EDIT, **_TEXT},
    "editMessageCaption": {**_EDIT, **_CAPTION, **_ABOVE},
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": {**_CHAT, "message_id": "integer"},
    "deleteMessages": {**_CHAT, "message_ids": "json"},
    "setMessageReaction": {
        **_CHAT,
        "message_id": "integer",
        "reaction": "json",
        "is_big": "boolean",
    },
    "answerCallbackQuery": {
        "callback_query_id": "string",
        "text": "string",
        "show_alert": "boolean",
        "url": "string",
        "cache_time": "integer",
    },
    "getFile": {"file_id": "string"},
    "getChat": _CHAT,
    "getChatMember": {**_CHAT, "user_id": "integer"},
    "setMyCommands": {"commands": "json", **_SCOPE},
    "getMyCommands": _SCOPE,
    "deleteMyCommands": _SCOPE,
    "setMyName": {"name": "string", **_LANGUAGE},
    "getMyName": _LANGUAGE,
    "setMyDescription": {"description": "string", **_LANGUAGE},
    "getMyDescription": _LANGUAGE,
    "setMyShortDescription": {"short_description": "string", **_LANGUAGE},
    "getMyShortDescription": _LANGUAGE,
    "setChatMenuButton": {"chat_id": "integer", "menu_button": "json"},
    "getChatMenuButton": {"chat_id": "integer"},
}
# "All methods in the Bot API are case-insensitive."
NAMES = {name.lower(): name for name in METHODS}


@dataclass(frozen=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime_type: str | None
    data: bytes


@dataclass(frozen=True)
class Arguments:
    """A call's parameters, converted; and the files that came along, by field name."""

    values: dict[str, Any]
    uploads: dict[str, Upload]

    def __getitem__(self, name: str) -> Any:
        """The value, or None when it was not given."""
        return self.values.get(name)

    def upload(self, value: Any, field: str | None = None) -> Upload | None:
        """The file that a parameter means: its own field, or ``attach://`` the name of one."""
        if isinstance(value, str) and value.startswith("attach://"):
            return self.uploads.get(value.removeprefix("attach://"))
        return self.uploads.get(field) if field else None


async def read_arguments(request: web.Request, method: str) -> Arguments:
    """Parameters from the query, and from a JSON, form or multipart body.

    Raises RefusalError for a body that cannot be read, a value of a wrong type, and a parameter
    that the method does not have here.
    """
    raw: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            raw |= await _json_body(request)
        elif request.content_type == "multipart/form-data":
            await _multipart_body(request, raw, uploads)
        else:
            raw |= {name: str(value) for name, value in (await request.post()).items()}
    try:
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    parameters = METHODS[method]
    values = {}
    for name, value in raw.items():
        if name not in parameters:
            raise bad_request(f'method {method} has no parameter "{name}" on the local server')
        values[name] = _convert(name, value, parameters[name])
    attached = json.dumps(values, default=str)
    for name in uploads:
        if name not in parameters and f"attach://{name}" not in attached:
            raise bad_request(f'method {method} has no parameter "{name}" on the local server')
    return Arguments(values, uploads)


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("can't parse JSON object: expected an Object")
    return {name: value for name, value in body.items() if value is not None}


async def _multipart_body(
    request: web.Request, raw: dict[str, Any], uploads: dict[str, Upload]
) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            raise bad_request("can't parse multipart/form-data")
        data = bytes(await part.read(decode=True))
        if part.filename is None:
            try:
                raw[part.name] = data.decode()
            except UnicodeDecodeError:
                raise bad_request("strings must be encoded in UTF-8") from None
        else:
            if len(data) > MAX_UPLOAD:
                raise RefusalError(413, "Request Entity Too Large")
            uploads[part.name] = Upload(part.filename, part.headers.get("Content-Type"), data)


def _convert(name: str, value: Any, kind: Kind) -> Any:
    if kind in ("json", "media"):
        return _from_json(name, value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "1")
    if kind == "integer" or kind == "chat":
        if isinstance(value, bool):
            raise bad_request(f"{name} must be an Integer")
        try:
            return int(value)
        except (TypeError, ValueError):
            if kind == "chat" and isinstance(value, str):
                return value
            raise bad_request(f"{name} must be an Integer") from None
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a String")
    return value


def _from_json(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        parsed = json.loads(value)
        # An escape such as \\ud83d alone is JSON, but no text.
        json.dumps(parsed, ensure_ascii=False).encode()
        return parsed
    except ValueError:
        raise bad_request(f"can't parse {name} JSON object") from None
