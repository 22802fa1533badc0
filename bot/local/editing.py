"""Methods by which the bot changes or removes messages, reacts, and answers pressed buttons."""

from collections.abc import Mapping
from typing import Any

from bot.local import rules
from bot.local.chats import GROUPS, Chat, Message, State
from bot.local.parameters import Arguments
from bot.local.rules import bad_request
from bot.local.sending import caption_fields, text_fields

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)


async def edit_message_text(state: State, p: Arguments) -> Message:
    chat, message = _own_message(state, p)
    fields = text_fields(state, p, "MESSAGE_TOO_LONG")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    blank = dict.fromkeys(("entities", "link_preview_options"))
    return _edit(state, chat, message, blank | fields | _markup(p))


async def edit_message_caption(state: State, p: Arguments) -> Message:
    chat, message = _own_message(state, p)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    blank = dict.fromkeys(("caption", "caption_entities", "show_caption_above_media"))
    return _edit(state, chat, message, blank | caption_fields(state, p) | _markup(p))


async def edit_message_reply_markup(state: State, p: Arguments) -> Message:
    chat, message = _own_message(state, p)
    return _edit(state, chat, message, _markup(p))


def _own_message(state: State, p: Arguments) -> tuple[Chat, Message]:
    if p["message_id"] is None:
        raise bad_request("message identifier is not specified")
    chat = state.find_chat(p["chat_id"])
    message = chat.messages.get(p["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != state.bot["id"] or "forward_origin" in message:
        raise bad_request("message can't be edited")
    return chat, message


def _markup(p: Arguments) -> dict[str, Any]:
    """An edit without a keyboard takes the keyboard away."""
    return {"reply_markup": rules.check_keyboard(p["reply_markup"], only_inline=True)}


def _edit(state: State, chat: Chat, message: Message, fields: dict[str, Any]) -> Message:
    if all(rules.same(message.get(name), value) for name, value in fields.items()):
        raise bad_request(_NOT_MODIFIED)
    return state.change(chat, message, fields | {"edit_date": state.now()})


async def delete_message(state: State, p: Arguments) -> bool:
    chat = state.find_chat(p["chat_id"])
    message = chat.messages.get(p["message_id"] or 0)
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(state, chat, message):
        raise bad_request("message can't be deleted for everyone")
    state.delete(chat, message["message_id"])
    return True


async def delete_messages(state: State, p: Arguments) -> bool:
    chat = state.find_chat(p["chat_id"])
    ids = p["message_ids"]
    if not isinstance(ids, list) or not all(isinstance(item, int) for item in ids):
        raise bad_request("message identifiers are not specified")
    if not 1 <= len(ids) <= 100:
        raise bad_request("wrong number of message identifiers specified")
    for message_id in ids:
        message = chat.messages.get(message_id)
        if message is not None and _may_delete(state, chat, message):
            state.delete(chat, message_id)
    return True


def _may_delete(state: State, chat: Chat, message: Message) -> bool:
    """In groups the bot is no administrator, so only its own messages are its to delete."""
    return bool(message["from"]["id"] == state.bot["id"] or chat.type not in GROUPS)


async def set_message_reaction(state: State, p: Arguments) -> bool:
    chat = state.find_chat(p["chat_id"])
    if (p["message_id"] or 0) not in chat.messages:
        raise bad_request("message to react not found")
    reactions = p["reaction"] or []
    if not isinstance(reactions, list) or len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in reactions:
        if not isinstance(reaction, Mapping) or reaction.get("type") != "emoji":
            raise bad_request("REACTION_INVALID")
    chat.listeners.publish("reaction", {"message_id": p["message_id"], "reaction": reactions})
    return True


async def answer_callback_query(state: State, p: Arguments) -> bool:
    callback_id = p["callback_query_id"] or ""
    text = p["text"] or ""
    if len(text) > rules.MAX_CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    if p["url"]:
        raise bad_request("URL_INVALID")
    callback = state.take_callback(callback_id)
    chat = state.chats.get(callback.chat_id)
    if chat:
        answer = {"id": callback_id, "text": text, "show_alert": bool(p["show_alert"])}
        chat.listeners.publish("callback_answer", answer, only_user=callback.user_id)
    return True
