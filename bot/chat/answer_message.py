"""What an answer looks like in a chat: its text, and the buttons below it.

Closed, it has one row of buttons, ``Copy`` · ``More`` · ``✎``, and what an album or a doubtful
answer needs besides. Open, below ``✎``, single hashtags are taken out and all else is chosen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bot.chat.keyboards import closed_keyboard, open_keyboard, which_photo_keyboard
from bot.chat.rendering import MOST_SHOWN, answer_text, first_block, fitting
from bot.chat.texts import Texts
from recommenders.answers import FIRST
from storage.feedback import NO_THUMBS, Thumbs
from storage.tables import Recommendation

TextAndButtons = tuple[str, InlineKeyboardMarkup]


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as it is to be shown.

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


def shown(
    answer: Recommendation,
    *,
    top: int,
    backend: str,
    blocked: Collection[str],
    own: Sequence[str] = (),
    thumbs: Thumbs = NO_THUMBS,
) -> ShownAnswer:
    """A stored answer as it is to be shown in a chat.

    Args:
        top, backend, blocked, own: what holds in the chat, as of ``AnswerRequest``.
    """
    tags = [tag for tag in answer.tags if tag not in blocked]
    return ShownAnswer(
        answer.id,
        answer.backend,
        tags,
        own=own,
        album=answer.album,
        unsure=len(tags) < min(FIRST, top),
        spoken_by=answer.backend if answer.backend != backend else None,
        taken_out=[one.hashtag for one in answer.taken_out if one.hashtag not in blocked],
        thumbs=thumbs,
    )


def closed(
    texts: Texts, answer: ShownAnswer, backends: Sequence[str], notes: Sequence[str] = ()
) -> TextAndButtons:
    """The answer with its one row; ``backends`` are those that are installed."""
    keyboard = closed_keyboard(
        texts,
        answer.answer_id,
        answer.copied,
        full=len(answer.tags) >= MOST_SHOWN,
        unsure=answer.unsure,
        album=answer.album,
        thumbs=answer.thumbs,
        # Of an answer without hashtags there is nothing else to choose.
        editable=bool(answer.tags or answer.taken_out) or len(backends) > 1,
    )
    return _text(texts, answer, notes), keyboard


def opened(
    texts: Texts, answer: ShownAnswer, backends: Sequence[str], page: int = 0
) -> TextAndButtons:
    """The answer with all that can be done with it, and a page of its hashtags to take out."""
    keyboard = open_keyboard(
        texts,
        answer.answer_id,
        answer.tags,
        taken_out=answer.taken_out,
        thumbs=answer.thumbs,
        backends=backends,
        backend=answer.backend,
        page=page,
    )
    return _text(texts, answer, [texts.edit_hint] if answer.tags else []), keyboard


def asking_which(texts: Texts, answer: ShownAnswer, photos: int) -> TextAndButtons:
    """The answer to an album of so many photos, asking which of them hashtags are for."""
    keyboard = which_photo_keyboard(texts, answer.answer_id, photos)
    return _text(texts, answer, [texts.add_which]), keyboard


def _text(texts: Texts, answer: ShownAnswer, notes: Sequence[str]) -> str:
    if not answer.tags:
        return "\n\n".join([texts.all_out if answer.taken_out else texts.nothing_found, *notes])
    lines = [texts.unsure] if answer.unsure else []
    count, every = len(fitting(answer.copied)), len(answer.copied)
    if count < every:
        lines.append(texts.copy_part.format(count=count, all=every))
    return answer_text(
        texts, answer.tags, own=answer.own, spoken_by=answer.spoken_by, notes=[*lines, *notes]
    )
