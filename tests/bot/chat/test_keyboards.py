"""Blocks and buttons stay within what Telegram takes, whatever the hashtags."""

from hypothesis import given
from hypothesis import strategies as st
from telegram.constants import MessageLimit

from bot.chat.answer_message import closed
from bot.chat.keyboards import closed_keyboard, open_keyboard, which_photo_keyboard
from bot.chat.rendering import COPY_LENGTH, answer_text, fitting, line
from bot.chat.shown_answer import ShownAnswer
from bot.chat.texts import LANGUAGES, Texts
from recommenders.backends import BACKENDS
from storage.feedback import Thumbs

TAG = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=100)
TAGS = st.lists(TAG, min_size=1, max_size=60, unique=True)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(TAGS)
def test_copied_text_has_whole_hashtags_only_and_fits(tags: list[str]) -> None:
    chosen = fitting(tags)
    assert chosen
    assert utf16(line(chosen)) <= COPY_LENGTH
    left_out = [tag for tag in tags if tag not in chosen]
    assert [tag for tag in tags if tag in chosen] == chosen
    for tag in left_out:
        assert utf16(line([*chosen, tag])) > COPY_LENGTH


@given(TAGS, st.sampled_from(list(LANGUAGES.values())))
def test_buttons_keep_to_telegrams_limits(tags: list[str], texts: Texts) -> None:
    longest_id = 2**63 - 1
    thumbs = Thumbs(100, 100)
    answer = ShownAnswer(longest_id, "als", tags, album=True, taken_out=tags, thumbs=thumbs)
    for keyboard in (
        closed_keyboard(texts, answer, editable=True),
        open_keyboard(texts, answer, BACKENDS),
        which_photo_keyboard(texts, longest_id, 10),
    ):
        for button in (button for row in keyboard.inline_keyboard for button in row):
            if button.copy_text:
                assert 1 <= utf16(button.copy_text.text) <= 256
            else:
                assert 1 <= len(str(button.callback_data).encode()) <= 64


def test_sixty_usual_hashtags_fit_a_message() -> None:
    tags = [f"{'long' * 6}{number}" for number in range(60)]
    assert len(answer_text(LANGUAGES["ru"], tags, spoken_by="both")) < MessageLimit.MAX_TEXT_LENGTH


def test_short_hashtags_stand_two_in_a_row_and_long_ones_alone() -> None:
    tags = ["sea", "sunset", "goldenretrieverpuppy", "sun", "sky"]
    rows = open_keyboard(LANGUAGES["en"], ShownAnswer(1, "als", tags), BACKENDS).inline_keyboard
    assert [[button.text for button in row] for row in rows[:3]] == [
        ["✕ #sea", "✕ #sunset"],
        ["✕ #goldenretrieverpuppy"],
        ["✕ #sun", "✕ #sky"],
    ]


def test_a_chats_own_hashtags_stand_behind_the_five_and_are_copied_along() -> None:
    texts = LANGUAGES["en"]
    answer = ShownAnswer(1, "als", ["a1", "a2", "a3", "a4", "a5", "a6"], own=["mine"])
    text, keyboard = closed(texts, answer, BACKENDS)
    assert "#a5 #mine</code>" in text
    copied = keyboard.inline_keyboard[0][0].copy_text
    assert copied is not None and copied.text == "#a1 #a2 #a3 #a4 #a5 #mine"
