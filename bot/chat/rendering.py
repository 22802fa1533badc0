"""The text of an answer: hashtags in blocks that a tap copies."""

from collections.abc import Sequence
from html import escape

from bot.chat.texts import Texts
from recommenders.answers import FIRST
from recommenders.hashtags import MAX_LENGTH

MOST_SHOWN = 60
"""Hashtags in one message, at which "More" stops."""

MOST_LENGTH = 3_000
"""The same in UTF-16 units: with all else that a message says, below Telegram's 4096."""

LONGEST = len("# ") + 2 * MAX_LENGTH
"""The most UTF-16 units that one hashtag takes."""

COPY_LENGTH = 256


def answer_text(
    texts: Texts,
    hashtags: Sequence[str],
    *,
    own: Sequence[str] = (),
    spoken_by: str | None = None,
    notes: Sequence[str] = (),
) -> str:
    """HTML of an answer, the best five first.

    Args:
        own: the chat's own hashtags, shown after the best five.
        spoken_by: the backend to name in the heading; None if it is the chat's usual one.
        notes: HTML paragraphs to end with.
    """
    header = texts.best_five if len(hashtags) >= FIRST else texts.best_few
    if spoken_by:
        header = f"{header} · {spoken_by}"
    parts = [f"{header}\n{block([*hashtags[:FIRST], *own])}"]
    if hashtags[FIRST:]:
        parts.append(f"{texts.more}\n{block(hashtags[FIRST:])}")
    return "\n\n".join([*parts, *notes])


def to_copy(hashtags: Sequence[str], own: Sequence[str], chosen: int) -> list[str]:
    """What ``Copy`` takes of an answer: the best five and the chat's own, as a tap on their block.

    Args:
        chosen: the number that the chat chose; where it is larger, so many are taken.
    """
    return [*hashtags[:FIRST], *own, *hashtags[FIRST : max(FIRST, chosen - len(own))]]


def block(hashtags: Sequence[str]) -> str:
    return f"<code>{escape(line(hashtags))}</code>"


def line(hashtags: Sequence[str]) -> str:
    return " ".join(f"#{tag}" for tag in hashtags)


def has_room(hashtags: Sequence[str]) -> bool:
    """Whether a message with these takes another hashtag, however long."""
    return len(hashtags) < MOST_SHOWN and _units(line(hashtags)) + LONGEST <= MOST_LENGTH


def fitting(hashtags: Sequence[str], length: int = COPY_LENGTH) -> list[str]:
    """The hashtags that fit, in order, into one line of ``length`` UTF-16 units.

    A hashtag that does not fit is left out; a shorter one after it may still fit.
    """
    chosen: list[str] = []
    left = length
    for tag in hashtags:
        needed = _units(f"#{tag}") + bool(chosen)
        if needed <= left:
            chosen.append(tag)
            left -= needed
    return chosen


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
