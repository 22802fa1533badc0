"""The methods of the Bot API that the bot calls, and their parameters.

A method or parameter that it does not use is missing here, so that a bot which begins to use one
is told. ``METHODS`` is the list.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.local import limits
from bot.local.entities import Formatted, ParseError, parse_html
from bot.local.refusals import RefusalError, bad_request
from bot.local.reply_markup import force_reply_of, inline_keyboard_of
from bot.local.state import Chat, Message, State

Kind = Literal["integer", "string", "boolean", "json"]
Arguments = Mapping[str, Any]
"""A call's parameters by name, converted; a missing one is not there."""

_COMMAND = re.compile(r"[a-z0-9_]+")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")


async def get_me(state: State, args: Arguments) -> dict[str, Any]:
    return {
        **state.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(state: State, args: Arguments) -> list[dict[str, Any]]:
    return await state.updates.get(
        args.get("offset", 0), args.get("timeout", 0), args.get("allowed_updates")
    )


async def delete_webhook(state: State, args: Arguments) -> bool:
    return True  # there never is one


async def get_file(state: State, args: Arguments) -> dict[str, Any]:
    file = state.files.by_file_id(args.get("file_id", ""))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > limits.MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.as_object(), "file_path": file.path}


async def send_message(state: State, args: Arguments) -> Message:
    chat = _writable_chat(state, args)
    fields = _text_fields(state, args, "message is too long")
    fields |= _reply_fields(state, chat, args.get("reply_parameters"))
    markup = args.get("reply_markup")
    asking = force_reply_of(markup)
    if not asking and (keyboard := inline_keyboard_of(markup)):
        fields["reply_markup"] = keyboard
    message = state.post(chat, state.bot, fields)
    if asking:
        placeholder = asking.get("input_field_placeholder")
        chat.ask_for_reply(message, placeholder, selective=bool(asking.get("selective")))
    return message


def _writable_chat(state: State, args: Arguments) -> Chat:
    chat = state.find_chat(args.get("chat_id"))
    if chat.blocked:
        raise RefusalError(403, "Forbidden: bot was blocked by the user")
    return chat


def _text_fields(state: State, args: Arguments, too_long: str) -> dict[str, Any]:
    """``text`` and ``entities`` of a message."""
    formatted = Formatted(args.get("text", ""))
    mode = args.get("parse_mode", "")
    if mode.lower() == "html":
        try:
            formatted = parse_html(formatted.text)
        except ParseError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    elif mode:
        raise bad_request("unsupported parse_mode (the local chat reads HTML)")
    names = ("text", "entities")
    fields = state.text_fields(formatted, names, limits.MAX_TEXT, bad_request(too_long))
    if not fields:
        raise bad_request("message text is empty")
    return fields


def _reply_fields(state: State, chat: Chat, reply: Any) -> dict[str, Any]:
    if not reply:
        return {}
    if not isinstance(reply, Mapping) or "message_id" not in reply:
        raise bad_request("can't parse reply parameters JSON object")
    fields = state.reply_fields(chat, reply["message_id"])
    if not fields and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return fields


async def edit_message_text(state: State, args: Arguments) -> Message:
    chat = state.find_chat(args.get("chat_id"))
    if "message_id" not in args:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(args["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != state.bot["id"]:
        raise bad_request("message can't be edited")
    # An edit without a keyboard takes the keyboard away.
    fields = {
        "entities": None,
        **_text_fields(state, args, "MESSAGE_TOO_LONG"),
        "reply_markup": inline_keyboard_of(args.get("reply_markup")),
    }
    if all(message.get(name) == value for name, value in fields.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    return state.edit(chat, message, fields)


async def send_chat_action(state: State, args: Arguments) -> bool:
    chat = _writable_chat(state, args)
    if args.get("action") != "typing":
        raise bad_request("wrong parameter action in request (the local chat shows typing)")
    chat.listeners.publish("action", {"action": args["action"]})
    return True


async def answer_callback_query(state: State, args: Arguments) -> bool:
    callback_id, text = args.get("callback_query_id", ""), args.get("text", "")
    if len(text) > limits.MAX_CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    callback = state.take_callback(callback_id)
    if chat := state.chats.get(callback.chat_id):
        answer = {"id": callback_id, "text": text, "show_alert": args.get("show_alert", False)}
        chat.listeners.publish("callback_answer", answer, only_user=callback.user_id)
    return True


async def set_my_commands(state: State, args: Arguments) -> bool:
    commands = args.get("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > limits.MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    language = args.get("language_code", "")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    chat_id = _scope_chat(args.get("scope") or {"type": "default"})
    state.set_commands(chat_id, language, [_command(item) for item in commands])
    return True


def _scope_chat(scope: Any) -> int | None:
    """The chat that a BotCommandScope means; None for all."""
    kind = scope.get("type") if isinstance(scope, Mapping) else None
    if kind == "default":
        return None
    if kind == "chat" and isinstance(scope.get("chat_id"), int):
        return int(scope["chat_id"])
    raise bad_request("can't parse BotCommandScope (the local chat knows default and chat)")


def _command(item: Any) -> dict[str, str]:
    if not isinstance(item, Mapping) or set(item) != {"command", "description"}:
        raise bad_request("can't parse BotCommand: command and description expected")
    command, description = str(item["command"]).strip(), str(item["description"]).strip()
    if not command:
        raise bad_request("command must be non-empty")
    if len(command) > limits.MAX_COMMAND:
        raise bad_request(f"command length must not exceed {limits.MAX_COMMAND}")
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > limits.MAX_COMMAND_DESCRIPTION:
        most = limits.MAX_COMMAND_DESCRIPTION
        raise bad_request(f"command description length must not exceed {most}")
    return {"command": command, "description": description}


@dataclass(frozen=True)
class Method:
    """What answers a method, and the parameters that it takes."""

    answer: Callable[[State, Arguments], Awaitable[Any]]
    parameters: Mapping[str, Kind]


_TEXT: Mapping[str, Kind] = {
    "chat_id": "integer",
    "text": "string",
    "parse_mode": "string",
    "reply_markup": "json",
}
METHODS: Mapping[str, Method] = {
    "getMe": Method(get_me, {}),
    "getUpdates": Method(
        get_updates,
        {"offset": "integer", "timeout": "integer", "allowed_updates": "json"},
    ),
    "deleteWebhook": Method(delete_webhook, {}),
    "getFile": Method(get_file, {"file_id": "string"}),
    "sendMessage": Method(send_message, {**_TEXT, "reply_parameters": "json"}),
    "editMessageText": Method(edit_message_text, {**_TEXT, "message_id": "integer"}),
    "sendChatAction": Method(send_chat_action, {"chat_id": "integer", "action": "string"}),
    "answerCallbackQuery": Method(
        answer_callback_query,
        {"callback_query_id": "string", "text": "string", "show_alert": "boolean"},
    ),
    "setMyCommands": Method(
        set_my_commands, {"commands": "json", "scope": "json", "language_code": "string"}
    ),
}
