"""A chat's settings, which ``storage.chats`` stores; this module needs no database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChatSettings:
    """A chat's settings; None stands for its platform's or the bot's default.

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
