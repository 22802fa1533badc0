"""An answer, ready to be shown in a chat."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.chat.rendering import MOST_LENGTH, fitting, to_copy
from recommenders.answers import first_apart
from recommenders.ranking import Hashtag
from storage.feedback import NO_THUMBS, Thumbs
from storage.tables import Recommendation


@dataclass(frozen=True)
class ShownAnswer:
    """What an answer's text and buttons show.

    Attributes:
        answer_id: the row's id, for the buttons' data.
        tags: hashtags, best first.
        own: the chat's own hashtags, shown after the best five.
        chosen: the number of hashtags that the chat chose; 0 for none.
        album: it answers several photos as one.
        unsure: it is short because no other hashtag is likely enough.
        spoken_by: the backend to name in the heading; None if it is the chat's usual one.
        taken_out: hashtags that people took out, the latest last.
    """

    answer_id: int
    backend: str
    tags: Sequence[str]
    own: Sequence[str] = ()
    chosen: int = 0
    album: bool = False
    unsure: bool = False
    spoken_by: str | None = None
    taken_out: Sequence[str] = ()
    thumbs: Thumbs = NO_THUMBS

    @property
    def copied(self) -> list[str]:
        """The hashtags that ``Copy`` takes, as far as they fit into it."""
        return to_copy(self.tags, self.own, self.chosen) if self.tags else []


def shown_tags(answer: Recommendation, skip: Collection[str]) -> list[str]:
    """An answer's hashtags without those to skip, best first, as many as fit into a message.

    Where some are gone, relatives of the best five could move up among them: these stay behind.
    """
    left = [Hashtag(tag, 0.0) for tag in answer.tags if tag not in skip]
    return fitting([hashtag.tag for hashtag in first_apart(left)], MOST_LENGTH)
