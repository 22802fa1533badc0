"""The methods of the Bot API that the bot calls; ``METHODS`` is the list.

Each has only those of the Bot API's parameters that the bot uses; others are refused. Parameters in
JSON are ``Any``. Required ones have an empty default, which is refused in the Bot API's words.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.local import limits
from bot.local.entities import WORDS, Formatted, ParseError, parse_html
from bot.local.parameters import Upload
from bot.local.refusals import RefusalError, bad_request
from bot.local.reply_markup import force_reply_of, inline_keyboard_of
from bot.local.state import Chat, Message, Scope, State, User

_COMMAND = re.compile(r"[a-z0-9_]+")
SCOPES = ("default", "all_group_chats")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")

ADMIN_RIGHTS = dict.fromkeys(
    (
        "can_be_edited",
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_edit_messages",
    ),
    True,
) | {"is_anonymous": False}
"""An administrator's rights; in the local chat every administrator has all of them."""


async def get_me(state: State) -> dict[str, Any]:
    return state.bot


async def get_updates(
    state: State,
    offset: int = 0,
    timeout: int = 0,  # noqa: ASYNC109
    allowed_updates: Any = None,
) -> list[dict[str, Any]]:
    return await state.updates.get(offset, timeout, allowed_updates)


async def delete_webhook(state: State) -> bool:
    return True  # there never is one


async def get_file(state: State, file_id: str = "") -> dict[str, Any]:
    file = state.files.by_file_id(file_id)
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > limits.MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.as_object(), "file_path": file.path}


async def send_message(
    state: State,
    chat_id: int = 0,
    text: str = "",
    message_thread_id: int = 0,
    parse_mode: str = "",
    reply_markup: Any = None,
    reply_parameters: Any = None,
) -> Message:
    chat = _writable_chat(state, chat_id)
    fields = _text_fields(state, "text", text, parse_mode, "message is too long")
    if not fields:
        raise bad_request("message text is empty")
    fields |= _reply_fields(state, chat, reply_parameters)
    if message_thread_id:
        _require_topic(chat, message_thread_id)
        fields |= {"message_thread_id": message_thread_id, "is_topic_message": True}
    asking = force_reply_of(reply_markup)
    if not asking and (keyboard := inline_keyboard_of(reply_markup)):
        fields["reply_markup"] = keyboard
    message = state.post(chat, state.bot, fields)
    if asking:
        placeholder = asking.get("input_field_placeholder")
        chat.ask_for_reply(message, placeholder, selective=bool(asking.get("selective")))
    return message


def _writable_chat(state: State, chat_id: int) -> Chat:
    chat = state.find_chat(chat_id)
    if chat.blocked:
        raise RefusalError(403, "Forbidden: bot was blocked by the user")
    return chat


def _require_topic(chat: Chat, thread_id: int) -> None:
    """Refuses a thread that is no topic of a forum."""
    if "forum_topic_created" not in chat.messages.get(thread_id, {}):
        raise bad_request("message thread not found")


async def send_document(
    state: State,
    chat_id: int = 0,
    document: Upload = None,
    caption: str = "",
    parse_mode: str = "",
    reply_markup: Any = None,
    reply_parameters: Any = None,
) -> Message:
    chat = _writable_chat(state, chat_id)
    if document is None:
        raise bad_request("there is no document in the request")
    data = await asyncio.to_thread(document.file.read)
    if not data:
        raise bad_request("file must be non-empty")
    if len(data) > limits.MAX_UPLOAD:
        raise RefusalError(413, "Request Entity Too Large")
    fields = _text_fields(state, "caption", caption, parse_mode, "message caption is too long")
    fields |= _reply_fields(state, chat, reply_parameters)
    if keyboard := inline_keyboard_of(reply_markup):
        fields["reply_markup"] = keyboard
    fields["document"] = await state.files.add_document(
        data, document.filename or "file", document.content_type
    )
    return state.post(chat, state.bot, fields)


def _text_fields(
    state: State, name: str, text: str, parse_mode: str, too_long: str
) -> dict[str, Any]:
    """A message's ``text`` or ``caption`` with its entities; no fields if it is empty."""
    formatted = Formatted(text)
    if parse_mode.lower() == "html":
        try:
            formatted = parse_html(text)
        except ParseError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    elif parse_mode:
        raise bad_request("unsupported parse_mode (the local chat reads HTML)")
    return state.text_fields(name, formatted, bad_request(too_long))


def _reply_fields(state: State, chat: Chat, reply: Any) -> dict[str, Any]:
    if not reply:
        return {}
    if not isinstance(reply, Mapping) or not reply.get("message_id"):
        raise bad_request("can't parse reply parameters JSON object")
    fields = state.reply_fields(chat, reply["message_id"])
    if not fields and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return fields


async def edit_message_text(
    state: State,
    chat_id: int = 0,
    message_id: int = 0,
    text: str = "",
    parse_mode: str = "",
    reply_markup: Any = None,
) -> Message:
    chat = state.find_chat(chat_id)
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != state.bot["id"]:
        raise bad_request("message can't be edited")
    words = _text_fields(state, "text", text, parse_mode, "MESSAGE_TOO_LONG")
    if not words:
        raise bad_request("message text is empty")
    # An edit without a keyboard removes the keyboard.
    fields = {
        "entities": None,
        **words,
        "reply_markup": inline_keyboard_of(reply_markup),
    }
    if all(message.get(name) == value for name, value in fields.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    return state.edit(chat, message, fields)


async def edit_message_caption(
    state: State,
    chat_id: int = 0,
    message_id: int = 0,
    caption: str = "",
    caption_entities: Any = None,
    show_caption_above_media: bool = False,
    reply_markup: Any = None,
) -> Message:
    chat = state.find_chat(chat_id)
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    # Telegram ignores entities of the types that it detects itself.
    entities = [one for one in caption_entities or () if one["type"] not in WORDS]
    too_long = bad_request("message caption is too long")
    fields = {
        "caption_entities": None,
        **state.text_fields("caption", Formatted(caption, entities), too_long),
        "show_caption_above_media": show_caption_above_media or None,
        "reply_markup": inline_keyboard_of(reply_markup),
    }
    return state.edit(chat, message, fields)


async def get_chat(state: State, chat_id: str = "") -> dict[str, Any]:
    return state.find_chat_named(chat_id).as_full_object()


async def get_chat_member(state: State, chat_id: str = "", user_id: int = 0) -> dict[str, Any]:
    chat = state.find_chat_named(chat_id)
    if user_id == state.bot["id"]:
        user: User | None = state.bot
    else:
        user = chat.members.get(user_id)
    if user is None:
        raise bad_request("user not found")
    if user_id not in chat.admins:
        return {"status": "member", "user": user}
    return {"status": "administrator", "user": user, **ADMIN_RIGHTS}


async def send_chat_action(
    state: State, chat_id: int = 0, action: str = "", message_thread_id: int = 0
) -> bool:
    chat = _writable_chat(state, chat_id)
    if message_thread_id:
        _require_topic(chat, message_thread_id)
    if action != "typing":
        raise bad_request("wrong parameter action in request (the local chat shows typing)")
    chat.listeners.publish("action", {"action": action})
    return True


async def answer_callback_query(
    state: State, callback_query_id: str = "", text: str = "", show_alert: bool = False
) -> bool:
    if len(text) > limits.MAX_CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    chat, user_id = state.take_callback(callback_query_id)
    answer = {"id": callback_query_id, "text": text, "show_alert": show_alert}
    chat.listeners.publish("callback_answer", answer, only_user=user_id)
    return True


async def set_my_commands(
    state: State, commands: Any = None, scope: Any = None, language_code: str = ""
) -> bool:
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > limits.MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    if not _LANGUAGE.fullmatch(language_code):
        raise bad_request("invalid language code specified")
    kind = _scope(scope or {"type": "default"})
    state.set_commands(kind, language_code, [_command(item) for item in commands])
    return True


def _scope(scope: Any) -> Scope:
    """The chat, or the kind of chats, of a BotCommandScope."""
    kind = scope.get("type") if isinstance(scope, Mapping) else None
    if kind in SCOPES:
        return str(kind)
    if kind == "chat" and isinstance(scope.get("chat_id"), int):
        return int(scope["chat_id"])
    known = ", ".join((*SCOPES, "chat"))
    raise bad_request(f"can't parse BotCommandScope (the local chat knows {known})")


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


METHODS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "deleteWebhook": delete_webhook,
    "getFile": get_file,
    "sendMessage": send_message,
    "sendDocument": send_document,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
}
