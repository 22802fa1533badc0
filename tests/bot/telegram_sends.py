"""What Telegram sends that nobody does on the page: topics, channels, refusals, …"""

from functools import wraps
from typing import Any

import pytest

from bot.local.entities import Formatted
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.state import State
from tests.bot.conversation import GROUP
from tests.bot.running import Running
from tests.person import Message

ANN = {"id": 1_001, "is_bot": False, "first_name": "Ann", "language_code": "en"}
GROUP_ANONYMOUS_BOT = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group"}
CHANNEL_BOT = {"id": 136_817_688, "is_bot": True, "first_name": "Channel"}

LATER = RefusalError(429, "Too Many Requests: retry after 60", retry_after=60)


async def photo(bot: Running, data: bytes, caption: str = "", **fields: Any) -> Message:
    """The fields of a message with a photo."""
    sizes = await bot.server.state.files.add_photo(data)
    return {"photo": sizes, **_text(bot, "caption", caption), **fields}


def text(bot: Running, words: str, **fields: Any) -> Message:
    """The fields of a message with a text."""
    return {**_text(bot, "text", words), **fields}


def arrives(
    bot: Running,
    chat_id: int,
    fields: Message,
    sender: dict[str, Any] = ANN,
    kind: str = "message",
) -> Message:
    """A message with these fields comes to the bot; returns it."""
    state = bot.server.state
    message = state.post(state.open_chat(chat_id), sender, fields)
    if kind == "channel_post":
        del message["from"]  # Telegram does not say who posted
    state.updates.add(kind, message)
    return message


async def part(bot: Running, data: bytes, caption: str = "", chat: int = 1_000) -> Message:
    """A photo of one and the same album comes to the bot."""
    return arrives(bot, chat, await photo(bot, data, caption, media_group_id="album"))


def is_edited(bot: Running, message: Message, **fields: Any) -> Message:
    """Somebody edits their message, or a channel's post, and the bot is told."""
    state = bot.server.state
    edited = state.edit(state.chats[message["chat"]["id"]], message, fields)
    state.updates.add("edited_message" if "from" in message else "edited_channel_post", edited)
    return edited


def is_deleted(bot: Running, message: Message) -> None:
    """Somebody deletes a message."""
    del bot.server.state.chats[message["chat"]["id"]].messages[message["message_id"]]


def topic(bot: Running, name: str) -> Message:
    """Somebody opens a topic; returns the fields of a message in it that replies to nothing."""
    created = {"name": name, "icon_color": 7_322_096}
    state = bot.server.state
    group = state.open_chat(GROUP["chat"])
    group.details["is_forum"] = True
    beginning = state.post(group, state.bot, {"forum_topic_created": created})
    thread = {"message_thread_id": beginning["message_id"], "is_topic_message": True}
    return {**thread, "reply_to_message": {**beginning, **thread}}


def caption(bot: Running, words: str) -> Message:
    """The fields of a caption."""
    return _text(bot, "caption", words)


class Refusing:
    """The server refuses a method for one chat, or all, until ``over``, or so many ``times``.

    Attributes:
        refused: how many calls it has refused.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
        refusal: RefusalError,
        chat_id: int | None = None,
        times: int | None = None,
    ) -> None:
        self.over = False
        self.refused = 0
        call = METHODS[method]

        @wraps(call)
        async def refusing(state: State, **arguments: Any) -> Any:
            if self.over or chat_id not in (None, arguments.get("chat_id")):
                return await call(state, **arguments)
            self.refused += 1
            self.over = self.refused == times
            raise refusal

        monkeypatch.setitem(METHODS, method, refusing)  # type: ignore[arg-type]


def _text(bot: Running, name: str, words: str) -> Message:
    too_long = ValueError("more than Telegram takes")
    return bot.server.state.text_fields(name, Formatted(words), too_long) if words else {}
