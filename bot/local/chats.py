"""Chats, their people and messages, and the bot's own account: everything the server remembers."""

import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.local import entities, formatting
from bot.local.events import Listeners, file_ids, for_page
from bot.local.files import FileStore
from bot.local.profile import Profile
from bot.local.rules import bad_request, utf16_length
from bot.local.updates import UpdateQueue

Message = dict[str, Any]
User = dict[str, Any]
MESSAGES_KEPT = 400
CHATS_KEPT = 1_000
CALLBACKS_KEPT = 10_000
CALLBACK_SECONDS = 60.0
GROUPS = ("group", "supergroup")


@dataclass(frozen=True)
class Callback:
    """A pressed button that waits for answerCallbackQuery."""

    chat_id: int
    user_id: int
    pressed_at: float


class Chat:
    """One chat: its kind, its people, its latest messages and who listens to it."""

    def __init__(self, chat_id: int, kind: str, title: str) -> None:
        self.id = chat_id
        self.type = kind
        self.title = title
        self.members: dict[int, User] = {}
        self.messages: OrderedDict[int, Message] = OrderedDict()
        self.listeners = Listeners()
        self.instance = str(secrets.randbits(62))
        self.blocked = False  # set by a test: the person blocked the bot

    def as_object(self) -> dict[str, Any]:
        """The Chat object."""
        if self.type in GROUPS:
            return {"id": self.id, "type": self.type, "title": self.title}
        person = self.members[self.id]
        names = ("first_name", "last_name", "username")
        return {"id": self.id, "type": self.type} | {k: person[k] for k in names if k in person}

    def publish_message(self, event: str, message: Message) -> None:
        self.listeners.publish(event, for_page(message))

    def ask_for_reply(self, message: Message, placeholder: str | None, *, selective: bool) -> None:
        """Opens the reply field (ForceReply): in a group, if selective, of who is meant.

        Those are who is mentioned and whose message it replies to. The bot's Message does not tell
        of it, as on Telegram.
        """
        asking = {"message_id": message["message_id"], "placeholder": placeholder}
        if not selective or self.type not in GROUPS:
            self.listeners.publish("force_reply", asking)
            return
        meant = {message.get("reply_to_message", {}).get("from", {}).get("id")}
        for entity in message.get("entities", []) + message.get("caption_entities", []):
            if entity["type"] == "text_mention":
                meant.add(entity["user"]["id"])
        for user_id in meant - {None}:
            self.listeners.publish("force_reply", asking, only_user=user_id)


class State:
    """What a Telegram of one bot knows. ``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        bot_id: int,
        name: str,
        username: str,
        *,
        reads_groups: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bot: User = {"id": bot_id, "is_bot": True, "first_name": name}
        self.bot["username"] = username
        self.reads_groups = reads_groups
        self.clock = clock
        self.chats: OrderedDict[int, Chat] = OrderedDict()
        self.files = FileStore()
        self.updates = UpdateQueue()
        self.profile = Profile(name)
        self.callbacks: OrderedDict[str, Callback] = OrderedDict()
        self._message_ids = itertools.count(1)
        self._albums = itertools.count(13_000_000_000_000_000)

    def now(self) -> int:
        return int(self.clock())

    def new_album(self) -> str:
        return str(next(self._albums))

    def open_chat(self, chat_id: int, kind: str | None = None, title: str = "") -> Chat:
        """The chat with this id, made when it is new: private when positive, otherwise a group."""
        chat = self.chats.get(chat_id)
        if chat is None:
            kind = kind or ("private" if chat_id > 0 else "supergroup")
            chat = Chat(chat_id, kind, title or "Group")
            self.chats[chat_id] = chat
            while len(self.chats) > CHATS_KEPT:
                self._forget(self.chats.popitem(last=False)[1])
        self.chats.move_to_end(chat_id)
        return chat

    def find_chat(self, chat_id: int | str | None) -> Chat:
        """The chat that a bot's call means; RefusalError when there is none."""
        if chat_id in (None, ""):
            raise bad_request("chat_id is empty")
        if isinstance(chat_id, int) and chat_id in self.chats:
            return self.chats[chat_id]
        raise bad_request("chat not found")

    def meet(
        self, chat: Chat, user_id: int, name: str | None = None, language: str | None = None
    ) -> User:
        """A person in a chat, with what is newly known of them."""
        user = chat.members.setdefault(
            user_id, {"id": user_id, "is_bot": False, "first_name": name or "You"}
        )
        if name:
            user["first_name"] = name
        if language:
            user["language_code"] = language
        return user

    def post(self, chat: Chat, sender: User, fields: dict[str, Any]) -> Message:
        """Put a new message into a chat and show it; returns the Message."""
        message: Message = {
            "message_id": next(self._message_ids),
            "from": dict(sender),
            "chat": chat.as_object(),
            "date": self.now(),
            **fields,
        }
        chat.messages[message["message_id"]] = message
        self.files.hold(file_ids(message))
        while len(chat.messages) > MESSAGES_KEPT:
            _, old = chat.messages.popitem(last=False)
            self.files.release(file_ids(old))
        chat.publish_message("message", message)
        return message

    def change(self, chat: Chat, message: Message, fields: dict[str, Any]) -> Message:
        """Edit a message: None removes a field. The message as it was stays as it was."""
        edited = {k: v for k, v in {**message, **fields}.items() if v is not None}
        chat.messages[message["message_id"]] = edited
        chat.publish_message("edit", edited)
        return edited

    def delete(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        chat.listeners.publish("delete", {"message_id": message_id})

    def reply_fields(self, chat: Chat, message_id: int | None) -> dict[str, Any]:
        """``reply_to_message`` for a message; empty when that message is not there."""
        target = chat.messages.get(message_id or 0)
        if target is None:
            return {}
        return {"reply_to_message": {k: v for k, v in target.items() if k != "reply_to_message"}}

    def deliver(self, chat: Chat, message: Message) -> None:
        """Queue a person's message for the bot, unless group privacy hides it."""
        if chat.type in GROUPS and not self.reads_groups and not self._is_for_bot(message):
            return
        self.updates.add("message", message)

    def _is_for_bot(self, message: Message) -> bool:
        """What reaches a bot in privacy mode: commands, replies to it and mentions of it."""
        if message.get("reply_to_message", {}).get("from", {}).get("id") == self.bot["id"]:
            return True
        units = str(message.get("text", message.get("caption", ""))).encode("utf-16-le")
        for entity in message.get("entities") or message.get("caption_entities") or []:
            end = entity["offset"] + entity["length"]
            word = units[2 * entity["offset"] : 2 * end].decode("utf-16-le")
            name = word.partition("@")[2].lower()
            if entity["type"] == "bot_command" and name in ("", self.bot["username"].lower()):
                return True
            if entity["type"] == "mention" and name == self.bot["username"].lower():
                return True
        return False

    def press(self, chat: Chat, user: User, message: Message, data: str) -> str:
        """A pressed callback button: queues the CallbackQuery, returns its id."""
        callback_id = str(secrets.randbits(62))
        self.callbacks[callback_id] = Callback(chat.id, user["id"], self.clock())
        while len(self.callbacks) > CALLBACKS_KEPT:
            self.callbacks.popitem(last=False)
        query = {
            "id": callback_id,
            "from": dict(user),
            "message": message,
            "chat_instance": chat.instance,
            "data": data,
        }
        self.updates.add("callback_query", query)
        return callback_id

    def take_callback(self, callback_id: str) -> Callback:
        """The pressed button that is answered now; each can be answered once and in time."""
        callback = self.callbacks.pop(callback_id, None)
        if callback is None or self.clock() - callback.pressed_at > CALLBACK_SECONDS:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        return callback

    def clear(self, chat: Chat) -> None:
        """Empty a chat."""
        for message in chat.messages.values():
            self.files.release(file_ids(message))
        chat.messages.clear()

    def _forget(self, chat: Chat) -> None:
        self.clear(chat)
        chat.listeners.close()

    def text_fields(
        self, formatted: formatting.Formatted, names: tuple[str, str], limit: int, too_long: str
    ) -> dict[str, Any]:
        """A text as message fields, e.g. ``text`` and ``entities``.

        Raises RefusalError with ``too_long`` when it is longer than ``limit`` UTF-16 units.
        """
        kept = entities.keep(formatted)
        if utf16_length(kept.text) > limit:
            raise bad_request(too_long)
        found = [e for e in map(self._with_user, kept.entities) if e is not None]
        fields: dict[str, Any] = {names[0]: kept.text} if kept.text else {}
        if kept.text and found:
            fields[names[1]] = found
        return fields

    def _with_user(self, entity: formatting.Entity) -> formatting.Entity | None:
        """A mention of a user whom no chat knows is plain text on Telegram."""
        if entity["type"] != "text_mention":
            return entity
        wanted = entity["user"].get("id")
        for chat in self.chats.values():
            if wanted in chat.members:
                return {**entity, "user": chat.members[wanted]}
        return None
