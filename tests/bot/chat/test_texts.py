"""The bot's texts in every language."""

import dataclasses
import re
import string
from collections.abc import Iterator, Mapping

import pytest

from bot.chat.texts import ENGLISH, LANGUAGES, RUSSIAN, Texts, texts_for
from bot.chat.texts.versions import VersionTexts
from recommenders.explaining import class_names


def sentences(texts: Texts | VersionTexts) -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(texts):
        if field.name == "classes":
            continue  # English has none: classifiers name them in English
        value = getattr(texts, field.name)
        if isinstance(value, str):
            yield field.name, value
        elif isinstance(value, Mapping):
            yield from ((f"{field.name}.{key}", text) for key, text in value.items())
        elif isinstance(value, tuple):
            yield from ((field.name, text) for text in value)
        elif isinstance(value, VersionTexts):
            yield from ((f"{field.name}.{key}", text) for key, text in sentences(value))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_a_language_says_the_same_things_with_the_same_placeholders(texts: Texts) -> None:
    english, other = dict(sentences(ENGLISH)), dict(sentences(texts))
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert placeholders(other[key]) == placeholders(text), key
        assert other[key].strip() == other[key] != "", key


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_tags_are_closed_and_descriptions_fit_the_menu(texts: Texts) -> None:
    for key, text in sentences(texts):
        tags = re.findall(r"<(/?)(\w+)>", text)
        opened = [name for slash, name in tags if not slash]
        assert sorted(opened) == sorted(name for slash, name in tags if slash), key
        assert set(opened) <= {"b", "i", "code"}, key
    for command, description in {**texts.commands, **texts.admin_commands}.items():
        assert re.fullmatch(r"[a-z0-9_]{1,32}", command)
        assert 3 <= len(description) <= 256


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_examples_of_commands_are_copied_since_a_tap_would_send_the_bare_command(
    texts: Texts,
) -> None:
    for key, text in sentences(texts):
        assert not re.search(r"/\w+ [#@\d{]", re.sub("<code>.*?</code>", "", text)), key


def test_what_is_shown_on_top_of_a_chat_fits_there() -> None:
    for texts in LANGUAGES.values():
        for key in (
            *("no_more", "button_stale", "thanks_up", "thanks_down", "vote_back", "wrong"),
            *("apart_already", "not_shown"),
        ):
            assert len(getattr(texts, key)) <= 200


def test_russian_is_russian() -> None:
    for key, text in list(sentences(RUSSIAN))[1:]:
        assert re.search("[а-яё]", text, re.IGNORECASE) or not re.search(
            "[a-z]", re.sub(r"\{\w+\}|</?\w+>", "", text), re.IGNORECASE
        ), key


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 hashtags", "0 хештегов"),
        (1, "1 hashtag", "1 хештег"),
        (2, "2 hashtags", "2 хештега"),
        (5, "5 hashtags", "5 хештегов"),
        (11, "11 hashtags", "11 хештегов"),
        (14, "14 hashtags", "14 хештегов"),
        (21, "21 hashtags", "21 хештег"),
        (23, "23 hashtags", "23 хештега"),
        (111, "111 hashtags", "111 хештегов"),
    ],
)
def test_numbers_take_the_right_form(count: int, english: str, russian: str) -> None:
    assert ENGLISH.number(count, ENGLISH.hashtags) == english
    assert RUSSIAN.number(count, RUSSIAN.hashtags) == russian


def test_every_class_that_can_be_seen_has_a_russian_name() -> None:
    assert RUSSIAN.classes.keys() == set(class_names())
    for english, name in RUSSIAN.classes.items():
        assert re.fullmatch("[А-ЯЁа-яё«»() -]+", name.replace("iPod", "").replace("CD", "")), (
            english
        )
        assert name.strip() == name and len(name) <= 40


def test_a_language_code_leads_to_its_texts_and_any_other_to_english() -> None:
    assert texts_for("ru") is texts_for("ru-RU") is texts_for("RU") is RUSSIAN
    assert texts_for("en-GB") is texts_for("pt-br") is texts_for(None) is texts_for("") is ENGLISH
