"""Refusals of the server: to the bot in the Bot API's words, to people in their language."""

from collections.abc import Mapping

RUSSIAN: Mapping[str, str] = {
    "There is nothing to send.": "Отправлять нечего.",
    "There is nothing in this file.": "В этом файле ничего нет.",
    "A message has at most {limit} characters.": "В сообщении может быть не больше {limit} знаков.",
    "A caption has at most {limit} characters.": "В подписи может быть не больше {limit} знаков.",
    "At most {limit} photos can be sent at once.": "За раз можно отправить не больше {limit} фото.",
    "Only photos can be sent several at once.": "По несколько сразу можно отправлять только фото.",
    "This is too large: at most {limit} MB can be sent here.": (
        "Это слишком много: здесь можно отправить не больше {limit} МБ."
    ),
    "This cannot be read as a photo. It can be sent as a file instead.": (
        "Это не удалось прочитать как фото. Можно отправить файлом."
    ),
    "This picture has too many pixels for a photo. It can be sent as a file instead.": (
        "В этой картинке слишком много пикселей для фото. Можно отправить файлом."
    ),
    "This picture is too long and narrow for a photo. It can be sent as a file instead.": (
        "Эта картинка слишком длинная и узкая для фото. Можно отправить файлом."
    ),
    "The message that this replies to is no longer there.": (
        "Сообщения, на которое вы отвечаете, уже нет."
    ),
    "This button is no longer there.": "Этой кнопки уже нет.",
    "This button does not ask the bot anything.": "Эта кнопка ни о чём не спрашивает бота.",
}


class RefusalError(Exception):
    """An answer to the bot: ``{"ok": false, "error_code": code, "description": description}``.

    ``parameters`` are those of the Bot API: ``retry_after``, ``migrate_to_chat_id``.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> RefusalError:
    """The refusal of most invalid calls."""
    return RefusalError(400, f"Bad Request: {reason}")


class CannotSendError(ValueError):
    """A person's request that is refused.

    Args:
        sentence: a key of ``RUSSIAN``, or English only if the page never causes it.
        values: for the sentence's placeholders.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self._sentence = sentence
        self._values = values

    def in_language(self, language: str) -> str:
        """The sentence in Russian (``ru``, ``ru-RU``), or in English."""
        russian = RUSSIAN.get(self._sentence) if language.lower().startswith("ru") else None
        return (russian or self._sentence).format(**self._values)
