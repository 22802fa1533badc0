"""Which hashtags may not be recommended in a chat: storage's rules over the engine's vocabulary."""

from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.engine import Engine
from storage import moderation
from storage.moderation import Blocklist


class Withheld:
    """Applies the block list to the vocabulary once, and again when either changes.

    A vocabulary has thousands of hashtags and the list may have patterns: too slow for every photo.
    """

    def __init__(self) -> None:
        self._made_for: tuple[object, ...] = ()
        self._blocked: frozenset[str] = frozenset()

    async def __call__(self, session: AsyncSession, engine: Engine, chat_id: int) -> set[str]:
        words = await moderation.blocked_words(session)
        made_for = (engine, len(engine.hashtags), *words)
        if made_for != self._made_for:
            blocklist = Blocklist(words)
            blocked = filter(blocklist.blocks, engine.hashtags) if words else ()
            self._made_for, self._blocked = made_for, frozenset(blocked)
        return await moderation.withheld(session, chat_id) | self._blocked
