"""The server's state: the bot, its chats, their members and messages.

Users and messages are plain dicts in the Bot API's form.
"""

import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from bot.latest import Latest
from bot.local.entities import Entity, Formatted, utf16_length, with_words
from bot.local.events import Listeners
from bot.local.files import FileStore
from bot.local.limits import (
    CALLBACK_SECONDS,
    MAX_CALLBACKS,
    MAX_CAPTION,
    MAX_CHATS,
    MAX_MESSAGES,
    MAX_TEXT,
)
from bot.local.refusals import bad_request
from bot.local.updates import UpdateQueue

Message = dict[str, Any]
User = dict[str, Any]
Commands = list[dict[str, str]]
Scope = int | str
"""Whose menu: one chat's, by id, or that of a kind of chats, by BotCommandScope's name."""

FULL_ONLY = ("linked_chat_id",)
GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
TEXTS = {"text": ("entities", MAX_TEXT), "caption": ("caption_entities", MAX_CAPTION)}


class Chat:
    """One chat: private when its id is positive, a group when negative."""

    def __init__(self, chat_id: int) -> None:
        self.id = chat_id
        self.members: dict[int, User] = {}
        self.messages: OrderedDict[int, Message] = OrderedDict()
        self.listeners = Listeners()
        self.instance = str(secrets.randbits(62))
        self.blocked = False
        """Set by a test: the person blocked the bot."""
        self.admins: set[int] = set()
        self.details: dict[str, Any] = {}
        """Set by a test: fields of the Chat object that make it a channel, a forum, …"""

    @property
    def is_group(self) -> bool:
        return self.id < 0

    def as_object(self) -> dict[str, Any]:
        """The Bot API's Chat object."""
        if self.is_group:
            full = {"id": self.id, "type": "supergroup", "title": "Group"} | self.details
            return {name: full[name] for name in full if name not in FULL_ONLY}
        return {
            "id": self.id,
            "type": "private",
            "first_name": self.members[self.id]["first_name"],
        }

    def as_full_object(self) -> dict[str, Any]:
        """The Bot API's ChatFullInfo object."""
        gifts = dict.fromkeys(GIFTS, True)
        full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
        return full | self.as_object() | self.details

    def ask_for_reply(self, message: Message, placeholder: str | None, *, selective: bool) -> None:
        """Opens the reply field on the page: everybody's, or if selective, that of some users.

        In a group those are the users it mentions, and the one whose message it replies to.
        """
        asking = {"message_id": message["message_id"], "placeholder": placeholder}
        if not selective or not self.is_group:
            self.listeners.publish("force_reply", asking)
            return
        users = [e["user"] for e in message.get("entities", []) if e["type"] == "text_mention"]
        if "reply_to_message" in message:
            users.append(message["reply_to_message"]["from"])
        for user_id in {user["id"] for user in users}:
            self.listeners.publish("force_reply", asking, only_user=user_id)


class State:
    """The state of a Telegram with one bot. ``clock`` returns seconds since the epoch."""

    def __init__(self, bot_id: int, username: str, clock: Callable[[], float] = time.time) -> None:
        self.bot: User = {
            "id": bot_id,
            "is_bot": True,
            "first_name": "tag4pic",
            "username": username,
        }
        self.clock = clock
        self.chats: OrderedDict[int, Chat] = OrderedDict()
        self.files = FileStore()
        self.updates = UpdateQueue()
        self._commands: dict[tuple[Scope, str], Commands] = {}
        self._callbacks: Latest[str, tuple[Chat, int, float]] = Latest(MAX_CALLBACKS)
        # A message of the last run, which the database may know by its number, is another one.
        self._message_ids = itertools.count(int(clock() * 1000))
        self._albums = itertools.count(13_000_000_000_000_000)

    def open_chat(self, chat_id: int) -> Chat:
        """The chat with this id, created if it is new."""
        chat = self.chats.setdefault(chat_id, Chat(chat_id))
        self.chats.move_to_end(chat_id)
        while len(self.chats) > MAX_CHATS:
            self.chats.popitem(last=False)[1].listeners.close()
        return chat

    def find_chat(self, chat_id: int) -> Chat:
        """The chat with this id, for a call of the bot.

        Raises:
            RefusalError: if there is none.
        """
        if not chat_id:
            raise bad_request("chat_id is empty")
        if chat_id not in self.chats:
            raise bad_request("chat not found")
        return self.chats[chat_id]

    def find_chat_named(self, chat_id: str) -> Chat:
        """The same by number, or by a channel's ``@username``.

        Raises:
            RefusalError: if there is none.
        """
        if not chat_id.startswith("@"):
            return self.find_chat(int(chat_id) if chat_id.lstrip("-").isdecimal() else 0)
        for chat in self.chats.values():
            if chat.details.get("username") == chat_id[1:]:
                return chat
        raise bad_request("chat not found")

    def new_album(self) -> str:
        """A new ``media_group_id``."""
        return str(next(self._albums))

    def post(self, chat: Chat, sender: User, fields: dict[str, Any]) -> Message:
        """Adds a new message to a chat and shows it; returns the Message."""
        message: Message = {
            "message_id": next(self._message_ids),
            "from": dict(sender),
            "chat": chat.as_object(),
            "date": int(self.clock()),
            **fields,
        }
        chat.messages[message["message_id"]] = message
        while len(chat.messages) > MAX_MESSAGES:
            chat.messages.popitem(last=False)
        chat.listeners.publish("message", message)
        return message

    def edit(self, chat: Chat, message: Message, fields: dict[str, Any]) -> Message:
        """Edits a message; None removes a field. The original dict stays unchanged."""
        edited = {**message, **fields, "edit_date": int(self.clock())}
        edited = {name: value for name, value in edited.items() if value is not None}
        chat.messages[message["message_id"]] = edited
        chat.listeners.publish("edit", edited)
        return edited

    def reply_fields(self, chat: Chat, message_id: int) -> dict[str, Any]:
        """The fields of a reply; empty if there is no such message.

        In a supergroup a reply belongs to a thread: the topic of the message that it replies to, or
        a mere thread of replies.
        """
        target = chat.messages.get(message_id)
        if target is None:
            return {}
        quoted = {k: v for k, v in target.items() if k != "reply_to_message"}
        fields: dict[str, Any] = {"reply_to_message": quoted}
        if chat.as_object()["type"] == "supergroup":
            fields["message_thread_id"] = target.get("message_thread_id", message_id)
            if target.get("is_topic_message"):
                fields["is_topic_message"] = True
        return fields

    def text_fields(self, name: str, formatted: Formatted, too_long: Exception) -> dict[str, Any]:
        """A ``text`` or ``caption`` with its entities as message fields; none for an empty text.

        Raises:
            too_long: if the text has more UTF-16 units than Telegram takes.
        """
        entities_name, limit = TEXTS[name]
        if utf16_length(formatted.text.strip()) > limit:
            raise too_long
        marked = with_words(formatted)
        entities = [e for e in map(self._with_user, marked.entities) if e is not None]
        fields = {name: marked.text, entities_name: entities}
        return {name: value for name, value in fields.items() if value}

    def _with_user(self, entity: Entity) -> Entity | None:
        """Completes a mention; None if no chat has the user, as Telegram then drops it."""
        if entity["type"] != "text_mention":
            return entity
        user_id = entity["user"]["id"]
        users = (chat.members[user_id] for chat in self.chats.values() if user_id in chat.members)
        user = next(users, None)
        return {**entity, "user": user} if user else None

    def press(self, chat: Chat, user: User, message: Message, data: str) -> str:
        """Queues the CallbackQuery of a pressed button; returns its id."""
        callback_id = str(secrets.randbits(62))
        self._callbacks[callback_id] = chat, user["id"], self.clock()
        query = {
            "id": callback_id,
            "from": dict(user),
            "message": message,
            "chat_instance": chat.instance,
            "data": data,
        }
        self.updates.add("callback_query", query)
        return callback_id

    def take_callback(self, callback_id: str) -> tuple[Chat, int]:
        """Removes a callback query that is answered now; returns its chat and user id.

        Raises:
            RefusalError: if it was answered before, waited too long, or never existed.
        """
        chat, user_id, pressed_at = self._callbacks.pop(callback_id, (None, 0, 0.0))
        if chat is None or self.clock() - pressed_at > CALLBACK_SECONDS:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        return chat, user_id

    def set_commands(self, scope: Scope, language: str, commands: Commands) -> None:
        """Sets the menu of a scope in one language; ``""`` is for all other languages."""
        self._commands[scope, language] = commands
        for chat in self.chats.values():
            for user_id in chat.listeners.users():
                menu = self.commands_for(chat, chat.members[user_id])
                chat.listeners.publish("commands", {"commands": menu}, only_user=user_id)

    def commands_for(self, chat: Chat, user: User) -> Commands:
        """A person's menu: of the narrowest scope that has one, in their language if possible."""
        scopes: list[Scope] = [chat.id, *["all_group_chats"] * chat.is_group, "default"]
        for scope in scopes:
            for language in (user.get("language_code", "")[:2], ""):
                if commands := self._commands.get((scope, language)):
                    return commands
        return []
