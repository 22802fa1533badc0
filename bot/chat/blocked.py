"""Which hashtags may not be shown: the block list over the engine's vocabulary."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.engine import Engine
from recommenders.hashtags import key
from recommenders.languages import meanings
from storage import moderation
from storage.blocklist import Blocklist


class BlockedHashtags:
    """Applies the block list to the vocabulary once, and again when either changes.

    A vocabulary has thousands of hashtags: too many for every photo. Those that are new are looked
    at alone, and in a thread, where nobody waits for them.
    """

    def __init__(self) -> None:
        self._words: dict[str, bool] | None = None
        self._blocklist = Blocklist(())
        self._judged: dict[str, bool] = {}
        self._computed_for: tuple[Engine, int] | None = None
        self._blocked: frozenset[str] = frozenset()

    async def blocklist(self, session: AsyncSession) -> Blocklist:
        """The block list as it is now."""
        words = await moderation.own_words(session)
        if words != self._words:
            self._blocklist = moderation.blocklist_of(words)
            self._words, self._judged, self._computed_for = words, {}, None
        return self._blocklist

    async def hashtags(
        self, session: AsyncSession, engine: Engine, others: Iterable[str] = ()
    ) -> frozenset[str]:
        """The hashtags that nobody must be shown, those of ``others`` among them."""
        blocklist = await self.blocklist(session)
        computed_for = (engine, len(engine.hashtags))
        if computed_for != self._computed_for:
            judged = self._judged
            self._blocked = await asyncio.to_thread(
                blocked_of, list(engine.hashtags), blocklist, judged
            )
            if judged is self._judged:  # the list has not changed meanwhile
                self._computed_for = computed_for
        return self._blocked.union(tag for tag in others if blocklist.blocks(key(tag)))


def blocked_of(
    hashtags: Iterable[str], blocklist: Blocklist, judged: dict[str, bool] | None = None
) -> frozenset[str]:
    """Those hashtags that a list blocks, and the Russian ones that are blocked or mean one.

    Args:
        judged: what is known to be blocked or not, by hashtag; what is new is added to it.
    """
    judged = {} if judged is None else judged

    def blocks(hashtag: str) -> bool:
        if hashtag not in judged:
            judged[hashtag] = blocklist.blocks(key(hashtag))
        return judged[hashtag]

    return frozenset(filter(blocks, hashtags)) | _blocked_russian(blocklist)


@lru_cache(maxsize=4)
def _blocked_russian(blocklist: Blocklist) -> frozenset[str]:
    def blocks(hashtag: str) -> bool:
        return blocklist.blocks(key(hashtag))

    return frozenset(
        form for form, english in meanings().items() if blocks(form) or blocks(english[0])
    )
