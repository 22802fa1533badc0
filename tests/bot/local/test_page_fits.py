"""What the bot says fits a phone: /help as a whole, and every button of its menus, whole."""

from typing import Any

import pytest
from browser import Open, messages_on
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode

from bot.chat.keyboards import (
    choice_keyboard,
    forget_keyboard,
    mydata_keyboard,
    settings_keyboard,
)
from bot.chat.platforms import PLATFORMS
from bot.chat.texts import LANGUAGES, Texts

expect = pytest.importorskip("playwright.async_api", reason="playwright is not installed").expect
IN_EACH_LANGUAGE = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())


def menus(texts: Texts) -> list[InlineKeyboardMarkup]:
    platforms = {name: f"{one.label} {one.count}" for name, one in PLATFORMS.items()}
    options = {
        "for": platforms | {"anywhere": texts.platform_anywhere},
        "language": texts.language_names,
        "size": texts.mix_names,
        "style": texts.style_names,
        "count": {"7": "7", "30": "30", "usual": texts.count_usual},
        "own": {"none": texts.button_own_none},
    }
    return [
        settings_keyboard(texts.setting_names),
        mydata_keyboard(texts, 1000, export=True),
        forget_keyboard(texts, 1000),
        *(
            choice_keyboard(verb, choices, name, back=texts.button_settings)
            for verb, choices in options.items()
            for name in list(choices)[:3]
        ),
    ]


@IN_EACH_LANGUAGE
async def test_each_button_of_a_menu_is_whole_at_320_pixels(
    api: Bot, open_page: Open, texts: Texts
) -> None:
    for keyboard in menus(texts):
        await api.send_message(1000, texts.hint, reply_markup=keyboard)
    page = await open_page(viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    cut: list[Any] = await page.locator(".key-label").evaluate_all(
        """(labels) => labels.filter((label) =>
            label.scrollWidth > label.clientWidth || label.scrollHeight > label.clientHeight + 1
        ).map((label) => label.textContent)"""
    )
    assert cut == []


async def test_a_long_word_on_a_button_is_broken_and_not_cut(api: Bot, open_page: Open) -> None:
    label = "✕ #" + "supercalifragilistic" * 2
    button = InlineKeyboardButton(label, callback_data="out")
    await api.send_message(1000, "#long", reply_markup=InlineKeyboardMarkup([[button]]))
    page = await open_page(viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    wide = await page.locator(".key-label").evaluate("(e) => e.scrollWidth - e.clientWidth")
    assert wide <= 0


@IN_EACH_LANGUAGE
async def test_help_is_seen_as_a_whole_on_a_phone(api: Bot, open_page: Open, texts: Texts) -> None:
    text = texts.help.format(photo=texts.help_photo, words=texts.help_words)
    await api.send_message(1000, text, parse_mode=ParseMode.HTML)
    page = await open_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    await expect(messages_on(page)).to_have_count(1)
    await expect(messages_on(page).last).to_be_in_viewport(ratio=1)
