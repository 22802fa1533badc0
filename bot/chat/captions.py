"""Commands in captions: /tags and /addtags, which may also be added by an edit."""

from telegram import Message
from telegram.constants import MessageEntityType

from bot.latest import Latest

MOST = 10_000


def caption_command(message: Message, username: str) -> str | None:
    """The command that a caption starts with, if it is for this bot: /tags or /tags@username."""
    first = message.caption_entities[0] if message.caption_entities else None
    if first is None or first.type != MessageEntityType.BOT_COMMAND or first.offset != 0:
        return None
    command, _, name = message.parse_caption_entity(first)[1:].partition("@")
    return command.lower() if name.lower() in ("", username.lower()) else None


class CaptionCommands:
    """Remembers what is followed, since Telegram reports messages as edited for other reasons."""

    def __init__(self) -> None:
        # Hashes: no memory keeps what somebody wrote and then had deleted.
        self._followed: Latest[tuple[int, int], int] = Latest(MOST)

    def is_new(self, message: Message) -> bool:
        """Whether the caption or the file differs from the last call's; remembers them."""
        key = message.chat_id, message.message_id
        file = message.photo[-1] if message.photo else message.document
        shown = hash((message.caption, file.file_unique_id if file else None))
        is_new = self._followed.get(key) != shown
        self._followed[key] = shown
        return is_new

    def forget(self, message: Message) -> None:
        """Makes the message's caption new again."""
        self._followed.pop((message.chat_id, message.message_id), None)
