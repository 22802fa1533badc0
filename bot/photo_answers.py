"""Answers photos for the command line and the HTTP API.

A photo gets the answer of a new chat with the same settings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from PIL import Image

from bot.blocked_hashtags import blocked_of
from bot.chat.platforms import PLATFORMS, count_of, platform_named, style_of
from recommenders.answers import AnswerRequest
from recommenders.engine import Engine
from recommenders.photos import decode
from recommenders.ranking import Hashtag
from storage.blocklist import in_force
from storage.chat_settings import ChatSettings


class ChoiceError(ValueError):
    """An unknown backend or platform; the message lists what can be chosen."""


@dataclass(frozen=True)
class Answer:
    """The hashtags of one photo; ``elapsed_ms`` is for decoding, features and recommending."""

    photo: str
    backend: str
    backbone: str
    model: str
    hashtags: list[Hashtag]
    elapsed_ms: float


class PhotoAnswers:
    """Answers photos, leaving out what the default block list blocks.

    Safe to call from several threads.

        answers = PhotoAnswers(Engine.load())
        answer = answers.answer("beach.jpg", Path("beach.jpg"), answers.request(platform="vk"))

    Args:
        decode: ``DecodingProcesses.decode`` for strangers' files.
    """

    def __init__(
        self,
        engine: Engine,
        decode: Callable[[bytes | Path, int], Image.Image] = decode,
    ) -> None:
        self.engine = engine
        self._decode = decode
        self.blocked = blocked_of(engine.hashtags, in_force({}))

    def request(
        self,
        *,
        backend: str | None = None,
        count: int | None = None,
        platform: str | None = None,
        style: str | None = None,
        language: str = "en",
        caption: str = "",
    ) -> AnswerRequest:
        """The request of a new chat with these settings.

        Args:
            platform: a key of ``bot.chat.platforms.PLATFORMS``, or an alias.
            language: one of ``recommenders.backends.LANGUAGES``.
            caption: of the photo's post.

        Raises:
            ChoiceError: for an unknown backend or platform.
        """
        named = None if platform is None else platform_named(platform)
        if platform is not None and named is None:
            raise ChoiceError(f"There is no platform {platform}, only {', '.join(PLATFORMS)}.")
        chat = ChatSettings(0, count=count, style=style, platform=named)
        return AnswerRequest(
            _backend_named(self.engine, backend),
            top=count_of(chat),
            style=style_of(chat),
            mix=self.engine.default_mix,
            skip=self.blocked,
            language=language,
            words=self.engine.words_in(caption),
        )

    def answer(self, name: str, source: bytes | Path, request: AnswerRequest) -> Answer:
        """The hashtags of one photo.

        Args:
            name: the photo's name in the answer.

        Raises:
            PhotoError: when it cannot be read.
        """
        engine, backend = self.engine, request.backend
        backbones = engine.backbones[backend]
        started = perf_counter()
        features = engine.features([self._decode(source, engine.working_side)], backbones)
        hashtags = engine.answer(features, request)
        elapsed_ms = round((perf_counter() - started) * 1000, 1)
        return Answer(name, backend, "+".join(backbones), engine.model, hashtags, elapsed_ms)


def _backend_named(engine: Engine, name: str | None) -> str:
    """The backend of this name; the bundle's default for None.

    Raises:
        ChoiceError: where the bundle does not have it.
    """
    if name is None:
        return engine.default_backend
    if name not in engine.backends:
        installed = " and ".join(engine.backends)
        raise ChoiceError(
            f"The backend {name} is not installed: the bundle {engine.model} has {installed}."
        )
    return name
