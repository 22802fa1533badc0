"""What an answer looks like in a chat: its text, and the buttons below it.

Closed, it has one row of buttons, ``Copy`` · ``More`` · ``✎``, and one more for an album or an
unsure answer. Opened by ``✎``, it has buttons to take out single hashtags, and all others.
"""

from collections.abc import Sequence

from bot.chat.keyboards import closed_keyboard, open_keyboard, which_photo_keyboard
from bot.chat.rendering import answer_text, fitting
from bot.chat.replies import TextAndButtons
from bot.chat.shown_answer import ShownAnswer
from bot.chat.texts import Texts


def closed(
    texts: Texts, answer: ShownAnswer, backends: Sequence[str], notes: Sequence[str] = ()
) -> TextAndButtons:
    """The closed answer; ``backends`` are those that are installed."""
    # Without hashtags there is nothing to edit, unless another backend can be chosen.
    editable = bool(answer.tags or answer.taken_out) or len(backends) > 1
    return _text(texts, answer, notes), closed_keyboard(texts, answer, editable=editable)


def opened(
    texts: Texts, answer: ShownAnswer, backends: Sequence[str], page: int = 0
) -> TextAndButtons:
    """The open answer: a page of its hashtags to take out, and all other buttons."""
    keyboard = open_keyboard(texts, answer, backends, page)
    return _text(texts, answer, [texts.edit_hint] if answer.tags else []), keyboard


def asking_which(texts: Texts, answer: ShownAnswer, photos: int) -> TextAndButtons:
    """The answer to an album of ``photos`` photos, asking which of them to add hashtags to."""
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
