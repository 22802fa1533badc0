"""What a chat has chosen; ``storage.chats`` stores it. Needs no database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChatSettings:
    """What a chat has chosen. None: whatever its platform takes, or the bot's default is.

    Attributes:
        own_hashtags: what the chat wants on each of its posts.
    """

    chat_id: int
    backend: str | None = None
    count: int | None = None
    style: str | None = None
    mix: str | None = None
    platform: str | None = None
    language: str | None = None
    own_hashtags: tuple[str, ...] = ()
