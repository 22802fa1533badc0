"""Inline keyboards.

Callback data is a verb and what it is about, at most 64 bytes: it names rows of the database, so
buttons work after a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.rendering import MOST_SHOWN, fitting, line
from bot.chat.texts import Texts
from recommenders.answers import FIRST
from storage.labels import MyHashtag
from storage.moderation import Pending
from storage.pages import Page

THIRD = 9
"""Characters of a label that a phone shows in full where three stand in a row."""
MARK = "✓ "

DATA_BYTES = 64
"""Telegram's limit of a button's data."""


def answer_keyboard(
    texts: Texts,
    recommendation_id: int,
    hashtags: Sequence[str],
    *,
    others: Iterable[str],
    more: bool = True,
) -> InlineKeyboardMarkup:
    """Below an answer: copy, more, what the ``others`` (backends) say, thumbs, teach."""
    rows = copying(texts, hashtags)
    if hashtags and more and len(hashtags) < MOST_SHOWN:
        rows.append([_button(texts.button_more, "more", recommendation_id)])
    says = [
        _button(texts.button_other.format(backend=backend), "other", recommendation_id, backend)
        for backend in others
    ]
    if says:
        rows.append(says)
    rows.append(
        [
            _button("👍", "up", recommendation_id),
            _button("👎", "down", recommendation_id),
            _button(texts.button_add, "add", recommendation_id),
        ]
    )
    return InlineKeyboardMarkup(rows)


def choice_keyboard(
    verb: str, choices: Mapping[str, str], chosen: str | None
) -> InlineKeyboardMarkup:
    """A button for each choice: what it is called in data, and its label."""
    longest = len(MARK) + max(map(len, choices.values()))
    # Three that are too long for a row look better below one another than as two and one.
    in_row = 3 if longest <= THIRD else 1 if len(choices) == 3 else 2
    buttons = [
        _button(f"{MARK}{label}" if name == chosen else label, verb, name)
        for name, label in choices.items()
    ]
    return InlineKeyboardMarkup(
        [buttons[at : at + in_row] for at in range(0, len(buttons), in_row)]
    )


def spelling_keyboard(hashtags: Iterable[str]) -> InlineKeyboardMarkup:
    """A button for each hashtag that may have been meant."""
    return InlineKeyboardMarkup(
        [
            [_button(f"#{tag}", "similar", tag)]
            for tag in hashtags
            if len(f"similar:{tag}".encode()) <= DATA_BYTES
        ]
    )


def categories_keyboard(texts: Texts, page: Page[tuple[str, str]]) -> InlineKeyboardMarkup:
    """A button for each category: its key and its label."""
    rows = [[_button(label, "category", key, page.page)] for key, label in page.items]
    return InlineKeyboardMarkup([*rows, *_turning(texts, page, "categories")])


def category_keyboard(texts: Texts, hashtags: Sequence[str], page: int) -> InlineKeyboardMarkup:
    """Below an open category: copy, and back to the page it was on."""
    back = _button(texts.button_categories, "categories", page)
    return InlineKeyboardMarkup([*copying(texts, hashtags), [back]])


def mytags_keyboard(texts: Texts, user_id: int, mine: Page[MyHashtag]) -> InlineKeyboardMarkup:
    """A button for each hashtag that removes it; the user's number keeps others' hands off."""
    rows = [
        [_button(f"✕ #{item.hashtag}", "untag", user_id, item.label_id, mine.page)]
        for item in mine.items
    ]
    return InlineKeyboardMarkup([*rows, *_turning(texts, mine, "mine", user_id)])


def forget_keyboard(texts: Texts, user_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [
                _button(texts.button_forget, "forget", user_id, "yes"),
                _button(texts.button_keep, "forget", user_id, "no"),
            ]
        ]
    )


def review_keyboard(texts: Texts, waiting: Page[Pending]) -> InlineKeyboardMarkup:
    """Two buttons for each hashtag that waits, and two for the whole page.

    Their data say from which label to which they decide, so that all of a page are those it shows.
    """
    verbs = (
        ("approve", texts.button_approve, texts.button_approve_all),
        ("reject", texts.button_reject, texts.button_reject_all),
    )
    rows = [
        [
            _button(one.format(tag=item.hashtag), verb, item.label_id, item.label_id, waiting.page)
            for verb, one, _ in verbs
        ]
        for item in waiting.items
    ]
    if len(waiting.items) > 1:
        first, last = waiting.items[0].label_id, waiting.items[-1].label_id
        count = len(waiting.items)
        rows.append(
            [
                _button(every.format(count=count), verb, first, last, waiting.page)
                for verb, _, every in verbs
            ]
        )
    return InlineKeyboardMarkup([*rows, *_turning(texts, waiting, "review")])


def _turning(texts: Texts, page: Page[Any], *data: object) -> list[list[InlineKeyboardButton]]:
    """A row to turn pages with, where there is more than one."""
    if page.pages == 1:
        return []
    place = texts.mine_page.format(page=page.page + 1, pages=page.pages)
    row = [_button(place, *data, page.page)]
    if page.page > 0:
        row.insert(0, _button(texts.button_previous, *data, page.page - 1))
    if page.page + 1 < page.pages:
        row.append(_button(texts.button_next, *data, page.page + 1))
    return [row]


def copying(texts: Texts, hashtags: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    """A row to copy hashtags with: the best five, and all; or the few that there are."""
    if not hashtags:
        return []
    first = texts.button_copy_five if len(hashtags) >= FIRST else texts.button_copy
    row = [_copy(first, fitting(hashtags[:FIRST]))]
    if hashtags[FIRST:]:
        fit = fitting(hashtags)
        whole = len(fit) == len(hashtags)
        label = texts.button_copy_all if whole else texts.button_copy_some
        row.append(_copy(label.format(count=len(fit), all=len(hashtags)), fit))
    return [row]


def _copy(label: str, hashtags: Sequence[str]) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, copy_text=CopyTextButton(line(hashtags)))


def _button(label: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=":".join(map(str, data)))
