"""Keyboards under messages: accepts those that the bot uses, as strictly as the Bot API."""

from collections.abc import Mapping
from typing import Any

from bot.local.limits import (
    MAX_BUTTONS,
    MAX_BUTTONS_IN_ROW,
    MAX_CALLBACK_DATA,
    MAX_COPY_TEXT,
    MAX_PLACEHOLDER,
)
from bot.local.refusals import bad_request

BUTTON_ACTIONS = ("callback_data", "copy_text")
_BUTTON = "can't parse inline keyboard button: "


def force_reply_of(markup: Any) -> Mapping[str, Any] | None:
    """The ForceReply of a message, if any.

    Raises:
        RefusalError: if its placeholder is too long.
    """
    if not isinstance(markup, Mapping) or not markup.get("force_reply"):
        return None
    if len(markup.get("input_field_placeholder") or "") > MAX_PLACEHOLDER:
        raise bad_request("INPUT_FIELD_PLACEHOLDER_INVALID")
    return markup


def inline_keyboard_of(markup: Any) -> dict[str, Any] | None:
    """The inline keyboard of a message, if any.

    Raises:
        RefusalError: for everything that the real server refuses, and for other keyboards.
    """
    if not markup:
        return None
    if not isinstance(markup, Mapping):
        raise bad_request("object expected as reply markup")
    if set(markup) != {"inline_keyboard"}:
        raise bad_request("inline keyboard expected")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    if any(len(row) > MAX_BUTTONS_IN_ROW for row in rows):
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    keyboard = [[_checked(button) for button in row] for row in rows if row]
    return {"inline_keyboard": keyboard} if keyboard else None


def _checked(button: Any) -> dict[str, Any]:
    """A button, which must have a text and one action."""
    if not isinstance(button, Mapping):
        raise bad_request(f"{_BUTTON}expected an Object")
    if "text" not in button:
        raise bad_request(f'{_BUTTON}Can\'t find field "text"')
    if not isinstance(button["text"], str) or not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if unknown := set(button) - {"text", *BUTTON_ACTIONS}:
        raise bad_request(f"{_BUTTON}the local chat has no field {min(unknown)}")
    actions = [name for name in BUTTON_ACTIONS if name in button]
    if not actions:
        raise bad_request(f"{_BUTTON}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{_BUTTON}exactly one action is allowed, found {' and '.join(actions)}")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    else:
        copied = button["copy_text"].get("text") if isinstance(button["copy_text"], dict) else None
        if not isinstance(copied, str) or not 1 <= len(copied) <= MAX_COPY_TEXT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return dict(button)
