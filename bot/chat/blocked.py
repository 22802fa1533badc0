"""Which hashtags may not be recommended in a chat: storage's rules over the engine's vocabulary."""

from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.engine import Engine
from recommenders.languages import meanings
from storage import moderation
from storage.moderation import Blocklist


class BlockedHashtags:
    """Applies the block list to the vocabulary once, and again when either changes.

    A Russian hashtag is blocked by what it means, too.
    A vocabulary has thousands of hashtags and the list may have patterns: too slow for every photo.
    """

    def __init__(self) -> None:
        self._computed_for: tuple[object, ...] = ()
        self._in_vocabulary: frozenset[str] = frozenset()

    async def in_chat(self, session: AsyncSession, engine: Engine, chat_id: int) -> set[str]:
        """The hashtags that this chat must not be shown."""
        words = await moderation.blocked_words(session)
        computed_for = (engine, len(engine.hashtags), *words)
        if computed_for != self._computed_for:
            blocklist = Blocklist(words)
            blocked = filter(blocklist.blocks, engine.hashtags) if words else ()
            russian = (
                form
                for form, english in (meanings() if words else {}).items()
                if blocklist.blocks(form) or blocklist.blocks(english[0])
            )
            self._computed_for, self._in_vocabulary = computed_for, frozenset((*blocked, *russian))
        return await moderation.blocked_hashtags(session, chat_id) | self._in_vocabulary
