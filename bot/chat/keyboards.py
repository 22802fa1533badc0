"""Inline keyboards.

Callback data is a verb and what it is about, at most 64 bytes: it names rows of the database, so
buttons work after a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.rendering import MOST_SHOWN, first_block, fitting, line
from bot.chat.texts import Texts
from recommenders.answers import FIRST
from storage.labels import MyHashtag
from storage.moderation import PendingHashtag
from storage.pages import Page

THIRD = 8
"""Characters of a label that a phone shows in full where three stand in a row."""
HALF = 11
"""The same where two stand in a row."""
MARK = "✓ "


def answer_keyboard(
    texts: Texts,
    recommendation_id: int,
    hashtags: Sequence[str],
    *,
    others: Iterable[str],
    own: Sequence[str] = (),
    more: bool = True,
) -> InlineKeyboardMarkup:
    """Below an answer: copy, more, what the ``others`` (backends) say, thumbs, teach.

    ``own``: the chat's own hashtags, which stand behind the best five.
    """
    rows = copying(texts, hashtags, own)
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


def settings_keyboard(pages: Mapping[str, str]) -> InlineKeyboardMarkup:
    """A button for each page of the settings: its verb, and its label."""
    buttons = {verb: _button(label, "settings", verb) for verb, label in pages.items()}
    short = [button for verb, button in buttons.items() if len(pages[verb]) <= HALF]
    long = [button for button in buttons.values() if button not in short]
    return InlineKeyboardMarkup([*_in_rows(short, 2), *_in_rows(long, 1)])


def choice_keyboard(
    verb: str, choices: Mapping[str, str], chosen: str | None, *, back: str | None = None
) -> InlineKeyboardMarkup:
    """A button for each choice: what it is called in data, and its label.

    ``back``: the label of a button that leads to the list of settings, if one does.
    """
    longest = len(MARK) + max(map(len, choices.values()))
    labels = {
        name: f"{MARK}{label}" if name == chosen else label for name, label in choices.items()
    }
    buttons = [_button(label, verb, name) for name, label in labels.items()]
    # Numbers go four in a row, and what is none of them below.
    numbers = [button for name, button in zip(choices, buttons, strict=True) if name.isdecimal()]
    others = [button for button in buttons if button not in numbers]
    # Three that are too long for a row look better below one another than as two and one.
    in_row = 3 if longest <= THIRD else 1 if len(others) == 3 else 2
    rows = [*_in_rows(numbers, 4), *_in_rows(others, in_row)]
    if back is not None:
        rows.append([_button(back, "settings", "")])
    return InlineKeyboardMarkup(rows)


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
    back = _button(texts.button_mydata, "mydata", user_id)
    return InlineKeyboardMarkup([*rows, *_turning(texts, mine, "mine", user_id), [back]])


def mydata_keyboard(texts: Texts, user_id: int, *, export: bool) -> InlineKeyboardMarkup:
    """What a person can do about what is stored of them; ``export`` is not for groups."""
    rows = [[_button(texts.button_mytags, "mine", user_id, 0)]]
    if export:
        rows.append([_button(texts.button_export, "export", user_id)])
    rows.append([_button(texts.button_forget, "forget", user_id, "ask")])
    return InlineKeyboardMarkup(rows)


def forget_keyboard(texts: Texts, user_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [
                _button(texts.button_forget_yes, "forget", user_id, "yes"),
                _button(texts.button_keep, "forget", user_id, "no"),
            ]
        ]
    )


def review_keyboard(texts: Texts, waiting: Page[PendingHashtag]) -> InlineKeyboardMarkup:
    verbs = (("approve", texts.button_approve), ("reject", texts.button_reject))
    rows = [
        [
            _button(label.format(tag=item.hashtag), verb, item.id, waiting.page)
            for verb, label in verbs
        ]
        for item in waiting.items
    ]
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


def copying(
    texts: Texts, hashtags: Sequence[str], own: Sequence[str] = ()
) -> list[list[InlineKeyboardButton]]:
    """A row to copy hashtags with: the best five, and all; or the few that there are.

    ``own``: the chat's own hashtags, which are copied along.
    """
    if not hashtags:
        return []
    first = texts.button_copy_five if len(hashtags) >= FIRST else texts.button_copy
    best = first_block(hashtags, own)
    row = [_copy(first, fitting(best))]
    if hashtags[FIRST:]:
        every = [*best, *hashtags[FIRST:]]
        fit = fitting(every)
        whole = len(fit) == len(every)
        label = texts.button_copy_all if whole else texts.button_copy_some
        row.append(_copy(label.format(count=len(fit), all=len(every)), fit))
    return [row]


def _in_rows(
    buttons: Sequence[InlineKeyboardButton], in_row: int
) -> list[list[InlineKeyboardButton]]:
    return [list(buttons[at : at + in_row]) for at in range(0, len(buttons), in_row)]


def _copy(label: str, hashtags: Sequence[str]) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, copy_text=CopyTextButton(line(hashtags)))


def _button(label: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=":".join(map(str, data)))
