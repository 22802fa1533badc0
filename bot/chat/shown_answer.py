"""An answer as it is to be shown in a chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.rendering import first_block
from recommenders.answers import FIRST
from storage.feedback import NO_THUMBS, Thumbs


@dataclass(frozen=True)
class ShownAnswer:
    """What its text and its buttons are made of.

    Attributes:
        answer_id: of its row, which the buttons name.
        tags: hashtags, best first.
        own: the chat's own hashtags, which stand behind the best five.
        album: it answers several photos as one.
        unsure: it is short because nothing else is likely enough.
        spoken_by: the backend to name in the heading, where it is not the one people expect.
        taken_out: what was taken out of it, in that order.
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
        """All that stands in the message, in its order."""
        return [*first_block(self.tags, self.own), *self.tags[FIRST:]] if self.tags else []
