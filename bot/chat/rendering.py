"""The text of an answer: hashtags in blocks that copy with a tap."""

from collections.abc import Sequence
from html import escape

from bot.chat.texts import Texts
from recommenders.answers import FIRST

MOST_SHOWN = 60
"""Hashtags in one message. "More" stops here, well below Telegram's 4096 characters."""

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
        own: The chat's own hashtags, which stand behind the best five.
        spoken_by: The backend to name in the heading, where it is not the one people expect.
        notes: HTML to close with.
    """
    header = texts.best_five if len(hashtags) >= FIRST else texts.best_few
    if spoken_by:
        header = f"{header} · {spoken_by}"
    parts = [f"{header}\n{block(first_block(hashtags, own))}"]
    if hashtags[FIRST:]:
        parts.append(f"{texts.more}\n{block(hashtags[FIRST:])}")
    return "\n\n".join([*parts, *notes])


def first_block(hashtags: Sequence[str], own: Sequence[str]) -> list[str]:
    """What to post: the best five, and behind them the chat's own."""
    return [*hashtags[:FIRST], *own]


def block(hashtags: Sequence[str]) -> str:
    return f"<code>{escape(line(hashtags))}</code>"


def line(hashtags: Sequence[str]) -> str:
    return " ".join(f"#{tag}" for tag in hashtags)


def fitting(hashtags: Sequence[str], length: int = COPY_LENGTH) -> list[str]:
    """The hashtags, from the first on, whose line has at most ``length`` UTF-16 units.

    A hashtag that does not fit is left out whole; a shorter one after it may still fit.
    """
    chosen: list[str] = []
    left = length
    for tag in hashtags:
        needed = len(f"#{tag}".encode("utf-16-le")) // 2 + bool(chosen)
        if needed <= left:
            chosen.append(tag)
            left -= needed
    return chosen
