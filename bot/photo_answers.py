"""Answers to photos outside of chats: what the command line prints and what HTTP returns.

A photo gets what it would get in a new chat that has chosen the same.
"""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bot.blocked_hashtags import blocked_of
from bot.chat.platforms import PLATFORMS, count_of, platform_named, style_of
from recommenders.answers import AnswerRequest
from recommenders.engine import Engine, Hashtag
from recommenders.photos import decode
from storage.blocklist import in_force
from storage.chat_settings import ChatSettings


class ChoiceError(ValueError):
    """What cannot be chosen here; the message is a sentence that says what can."""


@dataclass(frozen=True)
class Answer:
    """What one photo got. ``elapsed_ms`` is its own: decoding, features and recommending."""

    photo: str
    backend: str
    backbone: str
    model: str
    hashtags: list[Hashtag]
    elapsed_ms: float


class PhotoAnswers:
    """Answers photos by the engine, without what the block list that ships keeps back.

    Safe to call from several threads.

        answers = PhotoAnswers(Engine.load())
        answer = answers.answer("beach.jpg", Path("beach.jpg"), answers.request(platform="vk"))
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
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
        """What a new chat gets that has chosen this and nothing else.

        Args:
            platform: a key of ``bot.chat.platforms.PLATFORMS``, or what people call it.
            language: one of ``recommenders.backends.LANGUAGES``.
            caption: what will stand under the photo.

        Raises:
            ChoiceError: for a backend or a platform that is not there.
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
            name: what the answer calls the photo.

        Raises:
            PhotoError: when it cannot be read.
        """
        engine, backend = self.engine, request.backend
        backbones = engine.backbones[backend]
        started = perf_counter()
        features = engine.features([decode(source, engine.working_side)], backbones)
        hashtags = engine.answer(features, request)
        elapsed_ms = round((perf_counter() - started) * 1000, 1)
        return Answer(name, backend, "+".join(backbones), engine.model, hashtags, elapsed_ms)


def _backend_named(engine: Engine, name: str | None) -> str:
    """The backend of this name, or the bundle's default.

    Raises:
        ChoiceError: where the bundle has no such.
    """
    if name is None:
        return engine.default_backend
    if name not in engine.backends:
        there = " and ".join(engine.backends)
        raise ChoiceError(
            f"The backend {name} is not installed: the bundle {engine.model} has {there}."
        )
    return name
