"""What the Bot API refuses, and the words in which it does so.

Limits: https://core.telegram.org/bots/api. Wording follows the real server where it is known, so
that code which reacts to a description behaves the same here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

MAX_TEXT = 4096  # UTF-16 code units, after entities are parsed
MAX_CAPTION = 1024
MAX_CALLBACK_DATA = 64  # bytes of UTF-8
MAX_COPY_TEXT = 256  # characters
MAX_CALLBACK_ANSWER = 200
MAX_BUTTONS = 100
MAX_BUTTONS_IN_ROW = 8
MAX_ALBUM = 10
MAX_COMMANDS = 100
MAX_COMMAND = 32
MAX_COMMAND_DESCRIPTION = 256
MAX_NAME = 64
MAX_DESCRIPTION = 512
MAX_SHORT_DESCRIPTION = 120
MAX_DOWNLOAD = 20 * 2**20  # bytes that a bot may fetch with getFile
MAX_PHOTO_UPLOAD = 10 * 2**20
MAX_UPLOAD = 50 * 2**20

CHAT_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
BUTTON_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
BUTTON_LOOKS = ("text", "style", "icon_custom_emoji_id")
BUTTON_STYLES = ("danger", "success", "primary")
LINK_SCHEMES = ("http", "https", "tg")

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")


class RefusalError(Exception):
    """An answer of the form ``{"ok": false, "error_code": …, "description": …}``."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def bad_request(reason: str) -> RefusalError:
    """The refusal that most broken calls get: 400 and ``Bad Request: reason``."""
    return RefusalError(400, f"Bad Request: {reason}")


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts offsets and lengths."""
    return len(text) + sum(character > "\uffff" for character in text)


def check_link(url: str) -> str | None:
    """The URL as Telegram keeps it (scheme added, host in lower case), or None when it is none."""
    url = url.strip()
    if not url or any(character.isspace() for character in url):
        return None
    if "://" not in url:
        url = url.replace("tg:", "tg://", 1) if url.startswith("tg:") else f"http://{url}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in LINK_SCHEMES or not parts.netloc:
        return None
    if parts.scheme == "tg":
        return url
    host = parts.netloc.lower()
    if "." not in host.partition(":")[0].strip(".") and not host.startswith("localhost"):
        return None
    return parts._replace(netloc=host, path=parts.path or "/").geturl()


def check_keyboard(markup: Any, *, only_inline: bool = False) -> dict[str, Any] | None:
    """The inline keyboard to keep with a message; None for no markup and for other keyboards.

    Raises RefusalError for whatever the server would not take. ``only_inline`` is for edits, where
    reply keyboards are not allowed.
    """
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, Mapping):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if only_inline or not _is_reply_keyboard(markup):
            raise bad_request("inline keyboard expected")
        return None
    unknown = set(markup) - {"inline_keyboard"}
    if unknown:
        raise bad_request(f"unknown field {sorted(unknown)[0]} of the reply markup")
    rows = markup["inline_keyboard"]
    if not _is_list(rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    kept = []
    for row in rows:
        if not _is_list(row):
            raise bad_request("inline_keyboard row must be an Array")
        if len(row) > MAX_BUTTONS_IN_ROW:
            raise bad_request("REPLY_MARKUP_TOO_LONG")
        if row:
            kept.append([_check_button(button) for button in row])
    if sum(map(len, kept)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_reply_keyboard(markup: Mapping[str, Any]) -> bool:
    if "keyboard" in markup:
        return _is_list(markup["keyboard"]) and all(_is_list(row) for row in markup["keyboard"])
    return bool(markup.get("remove_keyboard") or markup.get("force_reply"))


def _check_button(button: Any) -> dict[str, Any]:
    """One inline button: a text and exactly one action."""
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, Mapping):
        raise bad_request(prefix + "expected an Object")
    if "text" not in button:
        raise bad_request(prefix + 'Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise bad_request(prefix + 'Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    unknown = set(button) - set(BUTTON_ACTIONS) - set(BUTTON_LOOKS)
    if unknown:
        raise bad_request(prefix + f"unknown field {sorted(unknown)[0]}")
    actions = [name for name in BUTTON_ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request(prefix + "Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(prefix + f"exactly one action is allowed, found {' and '.join(actions)}")
    if button.get("style") not in (None, *BUTTON_STYLES):
        raise bad_request("BUTTON_STYLE_INVALID")
    _check_action(actions[0], button[actions[0]])
    return dict(button)


def _check_action(action: str, value: Any) -> None:
    if action == "callback_data":
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= MAX_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    elif action == "copy_text":
        text = value.get("text") if isinstance(value, Mapping) else None
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_COPY_TEXT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
        if set(value) != {"text"}:
            raise bad_request("unknown field of the CopyTextButton")
    elif action == "url":
        if not isinstance(value, str) or check_link(value) is None:
            raise bad_request(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
    elif action not in (
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
    ):
        # Games, payments, log-ins and web apps need services that only Telegram has.
        raise bad_request("BUTTON_TYPE_INVALID")


def check_commands(commands: Any) -> list[dict[str, str]]:
    """The list for setMyCommands, trimmed as the server keeps it."""
    if not _is_list(commands):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for item in commands:
        if not isinstance(item, Mapping) or set(item) != {"command", "description"}:
            raise bad_request("can't parse BotCommand: command and description expected")
        command = str(item["command"]).strip().removeprefix("/")
        description = str(item["description"]).strip()
        if not command:
            raise bad_request("command must be non-empty")
        if len(command) > MAX_COMMAND:
            raise bad_request(f"command length must not exceed {MAX_COMMAND}")
        if not _COMMAND.fullmatch(command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not description:
            raise bad_request("command description must be non-empty")
        if len(description) > MAX_COMMAND_DESCRIPTION:
            raise bad_request(
                f"command description length must not exceed {MAX_COMMAND_DESCRIPTION}"
            )
        kept.append({"command": command, "description": description})
    return kept


def check_language(code: str | None) -> str:
    """A two-letter language code, or the empty string for every language."""
    if code and not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code or ""


def same(first: Any, second: Any) -> bool:
    """Whether two JSON values are equal whatever the order of their keys."""
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
