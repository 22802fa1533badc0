"""Everything the bot says, in each of its languages. HTML as Telegram reads it.

A language is a ``Texts``: leaving a sentence out of one is an error at import, and a test holds the
placeholders of the languages together.
"""

from collections.abc import Mapping

from bot.chat.texts.english import ENGLISH
from bot.chat.texts.language import Texts
from bot.chat.texts.russian import RUSSIAN

__all__ = ["ENGLISH", "LANGUAGES", "RUSSIAN", "Texts", "texts_for"]

LANGUAGES: Mapping[str, Texts] = {texts.language: texts for texts in (ENGLISH, RUSSIAN)}


def texts_for(language_code: str | None) -> Texts:
    """The texts of a Telegram user's ``language_code`` (``ru``, ``pt-br``); English otherwise."""
    return LANGUAGES.get((language_code or "").partition("-")[0].lower(), ENGLISH)
