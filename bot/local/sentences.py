"""What the chat tells a person when something cannot be sent, in English and Russian."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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


class CannotSendError(ValueError):
    """What a person cannot do. ``sentence`` may have ``{places}`` for the values."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self._sentence = sentence
        self._values = values
        self.language = ""  # of the person, where it is known

    def said_in(self, language: str) -> str:
        """The sentence in a language (a code such as ``ru`` or ``ru-RU``), English otherwise."""
        russian = language.lower().startswith("ru")
        template = RUSSIAN.get(self._sentence, "") if russian else ""
        return (template or self._sentence).format(**self._values)


@contextmanager
def speaking(language: object) -> Iterator[None]:
    """Notes the person's language on a CannotSendError that is raised within."""
    try:
        yield
    except CannotSendError as error:
        error.language = language if isinstance(language, str) else ""
        raise
