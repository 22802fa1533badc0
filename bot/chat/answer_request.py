"""What to answer a photo with: the chat's settings, as far as the engine supports them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.platforms import count_of, own_hashtags_of, style_of
from bot.chat.services import Context
from bot.chat.texts import Texts
from recommenders.answers import FIRST, MIXES, relatives
from recommenders.backends import LANGUAGES
from recommenders.engine import Engine
from recommenders.languages import meaning
from storage import arrivals, feedback
from storage.arrivals import Arrival
from storage.chat_settings import ChatSettings

RANKED = "ranked"
"""The mix of sizes that leaves hashtags as they are ranked."""


@dataclass(frozen=True)
class AnswerRequest:
    """What decides an answer besides the photo.

    Attributes:
        backend, style, mix, top, language, audience: as for ``Engine.answer``.
        blocked: hashtags that must not be shown, and the chat's own, which are shown anyway.
        own: the chat's own hashtags, shown behind the best five.
        words: hashtags that the caption names.
    """

    backend: str
    style: str
    mix: str | None
    top: int
    blocked: Collection[str]
    language: str
    audience: int
    own: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def stored_by(self, model: str) -> dict[str, Any]:
        """The columns that an answer of a model is stored with and looked up by."""
        return {
            "backend": self.backend,
            "model": model,
            "style": self.style,
            "mix": self.mix,
            "language": self.language,
            "words": self.words,
        }


async def request_in(
    session: AsyncSession,
    context: Context,
    engine: Engine,
    chat_id: int,
    arrival: Arrival | None = None,
) -> AnswerRequest:
    """The request of a chat, with its settings.

    Args:
        arrival: the chat's, where it was read already.
    """
    arrival = arrival or await arrivals.read(session, chat_id, ())
    chat = arrival.chat
    own = own_hashtags_of(chat)
    blocked = await context.services.blocked.hashtags(session, engine, own, arrival.blocklist)
    own = tuple(tag for tag in own if tag not in blocked)
    return AnswerRequest(
        backend_of(engine, chat),
        style_of(chat),
        mix_of(engine, chat),
        count_of(chat) - len(own),
        blocked.union(own) if own else blocked,
        language_of(chat, context.texts),
        chat_id,
        own,
    )


def backend_of(engine: Engine, chat: ChatSettings) -> str:
    """The backend that answers in a chat: its choice where that is installed."""
    return chat.backend if chat.backend in engine.backends else engine.default_backend


def mix_of(engine: Engine, chat: ChatSettings) -> str | None:
    """The chat's mix of sizes, else the bundle's; None where hashtags stay as ranked."""
    if engine.knowledge is None:
        return None
    if chat.mix is None:
        return engine.default_mix
    return chat.mix if chat.mix in MIXES else None


def language_of(chat: ChatSettings, texts: Texts) -> str:
    """The language of hashtags in a chat: its choice, else by the user's language."""
    if chat.language in LANGUAGES:
        return str(chat.language)
    return "both" if texts.language == "ru" else "en"


async def unwanted_in(
    session: AsyncSession, request: AnswerRequest, chat_id: int, photo_ids: Sequence[int]
) -> set[str]:
    """The hashtags that the chat does not want for a photo or an album."""
    unwanted = await feedback.unwanted(session, chat_id=chat_id, photo_ids=photo_ids, first=FIRST)
    return unwanted - set(request.blocked)


def without(engine: Engine, request: AnswerRequest, unwanted: Collection[str]) -> AnswerRequest:
    """The request without some hashtags, in any language, singular or plural."""
    if not unwanted:
        return request
    meant = {meaning(tag, engine.own_hashtags) for tag in unwanted}
    return replace(
        request, blocked={*request.blocked, *relatives({*unwanted, *meant}, engine.hashtags)}
    )
