"""An answer, ready to be shown in a chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.rendering import in_order
from storage.feedback import NO_THUMBS, Thumbs


@dataclass(frozen=True)
class ShownAnswer:
    """What an answer's text and buttons show.

    Attributes:
        answer_id: the row's id, for the buttons' data.
        tags: hashtags, best first.
        own: the chat's own hashtags, shown after the best five.
        album: it answers several photos as one.
        unsure: it is short because no other hashtag is likely enough.
        spoken_by: the backend to name in the heading; None if it is the chat's usual one.
        taken_out: hashtags that people took out, the latest last.
    """

    answer_id: int
    backend: str
    tags: Sequence[str]
    own: Sequence[str] = ()
    album: bool = False
    unsure: bool = False
    spoken_by: str | None = None
    taken_out: Sequence[str] = ()
    thumbs: Thumbs = NO_THUMBS

    @property
    def copied(self) -> list[str]:
        """All hashtags of the message, in its order."""
        return in_order(self.tags, self.own) if self.tags else []
