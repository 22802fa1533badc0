"""Inline keyboards.

Callback data are a verb and ids of database rows, at most 64 bytes, so buttons work after a
restart.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.rendering import fitting, has_room, line
from bot.chat.shown_answer import ShownAnswer
from bot.chat.texts import Texts
from recommenders.answers import FIRST
from storage.feedback import Thumbs
from storage.labels import MyHashtag
from storage.moderation import Pending
from storage.pages import Page, cut

THIRD = 8
"""Characters of a label that a phone shows in full with three buttons in a row."""
HALF = 11
"""The same with two in a row."""
HALF_ALONE = 15
"""The same for titles, which may be cut off at the end; a hashtag may not."""
PAGE = FIRST
"""Hashtags to take out per page: the keyboard must not push the answer out of sight."""
Place = Sequence[object]
"""What a button leads to: the parts of its callback data."""
MARK = "✓ "
EDIT = "✎"
THUMBS = {"up": "👍", "down": "👎"}
ON, OFF = "on", "off"
"""What the button for a channel's captions switches them to."""


def closed_keyboard(texts: Texts, answer: ShownAnswer, *, editable: bool) -> InlineKeyboardMarkup:
    """Below an answer: copy, more, and ``✎``, which opens all other buttons.

    Args:
        editable: whether there is anything to open.
    """
    row = _copying(texts.button_copy, answer.copied)
    if answer.tags and not answer.unsure and has_room(answer.tags):
        row.append(_button(texts.button_more, "more", answer.answer_id, len(answer.tags)))
    if editable:
        label = " ".join([EDIT, *_thumbs_given(answer.thumbs)])
        row.append(_button(label, "edit", answer.answer_id, 0))
    rows = [row] if row else []
    if answer.unsure:
        rows.append([_button(texts.button_add, "add", answer.answer_id)])
    if answer.album:
        rows.append([_button(texts.button_apart, "apart", answer.answer_id)])
    return InlineKeyboardMarkup(rows)


def open_keyboard(
    texts: Texts, answer: ShownAnswer, backends: Sequence[str], page: int = 0
) -> InlineKeyboardMarkup:
    """Opened by ``✎``: take out, put back, thumbs, why, each of ``backends``, add, back.

    Args:
        page: of the hashtags to take out.
    """
    answer_id, shown = answer.answer_id, cut(answer.tags, page, PAGE)
    page = shown.page
    rows = _paired(
        [_button(f"✕ #{tag}", "out", answer_id, page, key_of(tag)) for tag in shown.items]
    )
    if shown.pages > 1:
        place = texts.mine_page.format(page=page + 1, pages=shown.pages)
        rows.append([_button(f"{place} ›", "edit", answer_id, (page + 1) % shown.pages)])
    if answer.taken_out:
        last = answer.taken_out[-1]
        rows.append([_button(f"↩ #{last}", "in", answer_id, page, key_of(last))])
    if answer.tags:
        voting = [
            _button(_thumb_label(label, getattr(answer.thumbs, verb)), verb, answer_id, page)
            for verb, label in THUMBS.items()
        ]
        rows.append([*voting, _button(texts.button_why, "why", answer_id)])
    if len(backends) > 1:
        marks = {name: MARK if name == answer.backend else "" for name in backends}
        rows.append(
            [_button(f"{marks[name]}{name}", "other", answer_id, name) for name in backends]
        )
    add = _button(texts.button_add, "add", answer_id)
    rows.append([add, _button(texts.button_back, "close", answer_id)])
    return InlineKeyboardMarkup(rows)


def which_photo_keyboard(texts: Texts, answer_id: int, photos: int) -> InlineKeyboardMarkup:
    """A button for each photo of an album by its number, and one for all of them."""
    numbers = [_button(str(number), "add", answer_id, number) for number in range(1, photos + 1)]
    rows = [numbers[at : at + 5] for at in range(0, photos, 5)]
    rows.append([_button(texts.button_all_photos, "add", answer_id, "all")])
    return InlineKeyboardMarkup([*rows, [_button(texts.button_back, "edit", answer_id, 0)]])


def key_of(name: str) -> str:
    """A short key for a hashtag or a category, since its name may be too long for a button."""
    return f"{crc32(name.encode()):08x}"


def settings_keyboard(pages: Mapping[str, str]) -> InlineKeyboardMarkup:
    """A button for each page of the settings; ``pages`` maps verbs to labels."""
    buttons = {verb: _button(label, "settings", verb) for verb, label in pages.items()}
    short = [button for verb, button in buttons.items() if len(pages[verb]) <= HALF]
    long = [button for button in buttons.values() if button not in short]
    return InlineKeyboardMarkup([*_in_rows(short, 2), *_in_rows(long, 1)])


def choice_keyboard(
    verb: str, choices: Mapping[str, str], chosen: str | None, *, back: str | None = None
) -> InlineKeyboardMarkup:
    """A button for each choice; ``choices`` maps names in the callback data to labels.

    ``back``: the label of a button back to the list of settings; None for no such button.
    """
    longest = len(MARK) + max(map(len, choices.values()))
    labels = {
        name: f"{MARK}{label}" if name == chosen else label for name, label in choices.items()
    }
    buttons = [_button(label, verb, name) for name, label in labels.items()]
    # Numbers go four in a row, with the other choices below.
    numbers = [button for name, button in zip(choices, buttons, strict=True) if name.isdecimal()]
    others = [button for button in buttons if button not in numbers]
    # Three that are too long for one row look better stacked than as two and one.
    in_row = 3 if longest <= THIRD else 1 if len(others) == 3 else 2
    rows = [*_in_rows(numbers, 4), *_in_rows(others, in_row)]
    if back is not None:
        rows.append([_button(back, "settings", "")])
    return InlineKeyboardMarkup(rows)


def categories_keyboard(
    texts: Texts, page: Page[tuple[str, Place]], hashtags: Sequence[str], head: str | None
) -> InlineKeyboardMarkup:
    """A button for each category; ``page`` has their labels and places.

    Args:
        hashtags: the parent category's, to copy.
        head: the parent's key; None at the top.
    """
    rows = _paired([_button(label, *place) for label, place in page.items], HALF_ALONE)
    if head is None:
        return InlineKeyboardMarkup([*rows, *_page_row(texts, page, "categories")])
    back = _button(texts.button_categories, "categories", 0)
    page_row = _page_row(texts, page, "head", head)
    return InlineKeyboardMarkup([*copy_row(texts, hashtags), *rows, *page_row, [back]])


def category_keyboard(
    texts: Texts, hashtags: Sequence[str], label: str, above: Place
) -> InlineKeyboardMarkup:
    """Below an open category: copy, and back to the list with it, labelled ``label``."""
    return InlineKeyboardMarkup([*copy_row(texts, hashtags), [_button(label, *above)]])


def mytags_keyboard(texts: Texts, user_id: int, mine: Page[MyHashtag]) -> InlineKeyboardMarkup:
    """A button for each hashtag that removes it; only ``user_id`` may use them."""
    rows = [
        [_button(f"✕ #{item.hashtag}", "untag", user_id, item.label_id, mine.page)]
        for item in mine.items
    ]
    back = _button(texts.button_mydata, "mydata", user_id)
    return InlineKeyboardMarkup([*rows, *_page_row(texts, mine, "mine", user_id), [back]])


def mydata_keyboard(texts: Texts, user_id: int, *, export: bool) -> InlineKeyboardMarkup:
    """What people can do with their stored data; ``export`` only in private chats."""
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


def review_keyboard(texts: Texts, waiting: Page[Pending]) -> InlineKeyboardMarkup:
    """Two buttons for each waiting hashtag, and two for the whole page.

    The data of these two have the page's first and last label, by which it is told from others.
    """
    verbs = (
        ("approve", "✓", texts.button_approve_all),
        ("reject", "✗", texts.button_reject_all),
    )
    rows = [
        [
            _button(f"{mark} #{item.hashtag}", verb, item.label_id, item.label_id, waiting.page)
            for verb, mark, _ in verbs
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
    return InlineKeyboardMarkup([*rows, *_page_row(texts, waiting, "review")])


def channel_keyboard(texts: Texts, channel_id: int, *, on: bool) -> InlineKeyboardMarkup:
    """The button that switches a channel's captions; ``on`` is how they are now."""
    label = texts.button_channel_off if on else texts.button_channel_on
    return InlineKeyboardMarkup([[_button(label, "channel", channel_id, OFF if on else ON)]])


def _page_row(texts: Texts, page: Page[Any], *data: object) -> list[list[InlineKeyboardButton]]:
    """A row for turning pages; none where there is only one."""
    if page.pages == 1:
        return []
    place = texts.mine_page.format(page=page.page + 1, pages=page.pages)
    row = [_button(place, *data, page.page)]
    if page.page > 0:
        row.insert(0, _button(texts.button_previous, *data, page.page - 1))
    if page.page + 1 < page.pages:
        row.append(_button(texts.button_next, *data, page.page + 1))
    return [row]


def copy_row(texts: Texts, hashtags: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    """A wide copy button, which says how many hashtags it copies if not all fit; none for none."""
    count, label = len(fitting(hashtags)), texts.button_copy
    if count < len(hashtags):
        label = texts.button_copy_some.format(count=count, all=len(hashtags))
    row = _copying(label, hashtags)
    return [row] if row else []


def _copying(label: str, hashtags: Sequence[str]) -> list[InlineKeyboardButton]:
    """A button that copies as many hashtags as fit into it; none if there are none."""
    if not hashtags:
        return []
    return [InlineKeyboardButton(label, copy_text=CopyTextButton(line(fitting(hashtags))))]


def _thumbs_given(thumbs: Thumbs) -> list[str]:
    return [label for verb, label in THUMBS.items() if getattr(thumbs, verb)]


def _thumb_label(label: str, votes: int) -> str:
    """A thumb's label, with a mark if somebody gave it, and the number if several did."""
    return label if not votes else f"{MARK}{label}" if votes == 1 else f"{MARK}{label} {votes}"


def _paired(
    buttons: Sequence[InlineKeyboardButton], half: int = HALF
) -> list[list[InlineKeyboardButton]]:
    """Two in a row if both are short, else one, so that a phone shows each in full."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        beside = rows[-1] if rows else []
        if len(beside) == 1 and max(len(beside[0].text), len(button.text)) <= half:
            beside.append(button)
        else:
            rows.append([button])
    return rows


def _in_rows(
    buttons: Sequence[InlineKeyboardButton], in_row: int
) -> list[list[InlineKeyboardButton]]:
    return [list(buttons[at : at + in_row]) for at in range(0, len(buttons), in_row)]


def _button(label: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=":".join(map(str, data)))
