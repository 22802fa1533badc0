"""The request for an answer, from the chat's settings as far as the engine supports them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.photo_lookup import stacked
from bot.chat.platforms import count_of, own_hashtags_of, style_of
from bot.chat.services import Context
from bot.chat.texts import Texts
from recommenders.answers import FIRST, MIXES, AnswerRequest
from recommenders.backends import LANGUAGES
from recommenders.batching import Features
from recommenders.engine import Engine
from recommenders.families import relatives, singular
from recommenders.hashtags import key
from recommenders.languages import meaning
from recommenders.ranking import Hashtag
from storage import arrivals, feedback
from storage.arrivals import Arrival
from storage.chat_settings import ChatSettings
from storage.recommendations import Asked

RANKED = "ranked"
"""A chat's mix of sizes that keeps the ranking's order."""


@dataclass(frozen=True)
class ChatRequest(AnswerRequest):
    """Everything a chat's answer depends on besides the photo.

    Attributes:
        engine: the one in use when the photo came.
        audience: the chat's id.
        own: the chat's own hashtags, shown after the best five; ``skip`` contains them, too.
        chosen: the number of hashtags that the chat chose, ``own`` included; 0 for none.
        unwanted: further hashtags, which the chat has rejected for the photo or album.
    """

    engine: Engine = field(kw_only=True)
    audience: int = field(kw_only=True)
    own: tuple[str, ...] = ()
    chosen: int = 0
    unwanted: frozenset[str] = frozenset()

    @property
    def asked(self) -> Asked:
        """The settings that an answer is stored and looked up by."""
        return Asked(
            self.backend, self.engine.model, self.style, self.mix, self.language, self.words
        )

    @property
    def only_here(self) -> bool:
        """Whether the answer may lack what another chat, or this one later, would get."""
        return bool(self.unwanted) or any(map(self.engine.knows, self.own))

    @property
    def left_out(self) -> Collection[str]:
        """``skip``, and what is ``unwanted`` in any language, singular or plural."""
        if not self.unwanted:
            return self.skip
        meant = {meaning(tag, self.engine.own_hashtags) for tag in self.unwanted}
        return {*self.skip, *relatives({*self.unwanted, *meant}, self.engine.hashtags)}

    def is_unsure(self, tags: Sequence[str]) -> bool:
        """Whether an answer is short of the best five: no other hashtag is likely enough."""
        return len(tags) < min(FIRST, self.top)

    def recommended(
        self, features: Sequence[Features], before: Sequence[str] = ()
    ) -> list[Hashtag]:
        """The hashtags of a photo, or of an album's photos as one, best first.

        Args:
            before: hashtags already in the answer, which these continue.
        """
        rows = stacked(features, self.engine.backbones[self.backend])
        return self.engine.answer(rows, replace(self, skip=self.left_out), before)


async def request_in(
    session: AsyncSession,
    context: Context,
    chat_id: int,
    photo_ids: Sequence[int] = (),
    arrival: Arrival | None = None,
    engine: Engine | None = None,
) -> ChatRequest:
    """The request of a chat, from its settings and what it has rejected for a photo or an album.

    Args:
        arrival: the chat's, if it has been read already.
        engine: the one in use unless another is given.
    """
    engine = engine or context.services.engine
    arrival = arrival or await arrivals.read(session, chat_id, ())
    chat = arrival.chat
    own = own_hashtags_of(chat)
    blocked = await context.services.blocked.hashtags(session, engine, own, arrival.blocklist)
    own = tuple(tag for tag in own if tag not in blocked)
    request = ChatRequest(
        backend_of(engine, chat),
        top=count_of(chat) - len(own),
        style=style_of(chat),
        mix=mix_of(engine, chat),
        skip=blocked.union(own) if own else blocked,
        language=language_of(chat, context.texts),
        audience=chat_id,
        engine=engine,
        own=own,
        chosen=chat.count or 0,
    )
    return await about(session, request, photo_ids) if photo_ids else request


async def about(
    session: AsyncSession, request: ChatRequest, photo_ids: Sequence[int]
) -> ChatRequest:
    """The same request about another photo or album."""
    unwanted = await feedback.unwanted(
        session,
        chat_id=request.audience,
        photo_ids=photo_ids,
        first=FIRST,
        meant=lambda tag: singular(key(meaning(tag, request.engine.own_hashtags))),
    )
    return replace(request, unwanted=frozenset(unwanted.difference(request.skip)))


def backend_of(engine: Engine, chat: ChatSettings) -> str:
    """The chat's choice of backend if it is installed, else the default."""
    return chat.backend if chat.backend in engine.backends else engine.default_backend


def mix_of(engine: Engine, chat: ChatSettings) -> str | None:
    """The chat's mix of sizes, else the bundle's; None keeps the ranking's order."""
    if engine.knowledge is None:
        return None
    if chat.mix is None:
        return engine.default_mix
    return chat.mix if chat.mix in MIXES else None


def language_of(chat: ChatSettings, texts: Texts) -> str:
    """The language of a chat's hashtags: its choice, else from the user's language."""
    if chat.language in LANGUAGES:
        return str(chat.language)
    return "both" if texts.language == "ru" else "en"
