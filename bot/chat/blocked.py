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
    """Applies the block list to the vocabulary once, and again when the list changes.

    A vocabulary has thousands of hashtags: too many for every photo. Those that are new are looked
    at alone, and in a thread, where nobody waits for them.
    """

    def __init__(self) -> None:
        self._version: moderation.Version | None = None
        self._blocklist = Blocklist(())
        self._engine: Engine | None = None
        self._looked_at = 0
        self._blocked: frozenset[str] = frozenset()

    async def blocklist(
        self, session: AsyncSession, version: moderation.Version | None = None
    ) -> Blocklist:
        """The block list as it is now, read only when it has changed.

        Args:
            version: of the list in the database, where the caller knows it.
        """
        version = version or await moderation.version(session)
        if version != self._version:
            self._blocklist = await moderation.in_force(session)
            self._version = version
            self._forget()
        return self._blocklist

    async def hashtags(
        self,
        session: AsyncSession,
        engine: Engine,
        others: Iterable[str] = (),
        version: moderation.Version | None = None,
    ) -> frozenset[str]:
        """The hashtags that nobody must be shown, those of ``others`` among them.

        While nothing changes it is the same set, for which engines need not look anything up anew.
        """
        blocklist = await self.blocklist(session, version)
        if engine is not self._engine:
            self._forget()
            self._engine = engine
        done = self._looked_at
        if new := list(engine.hashtags[done:]):
            blocked = await asyncio.to_thread(blocked_of, new, blocklist)
            same = engine is self._engine and blocklist is self._blocklist
            if same and done == self._looked_at:  # nothing has changed meanwhile
                self._blocked |= blocked - self._blocked
                self._looked_at += len(new)
            else:
                return blocked_of(engine.hashtags, blocklist)
        blocked_others = frozenset(tag for tag in others if blocklist.blocks(key(tag)))
        return self._blocked if blocked_others <= self._blocked else self._blocked | blocked_others

    def _forget(self) -> None:
        self._looked_at, self._blocked = 0, frozenset()


def blocked_of(hashtags: Iterable[str], blocklist: Blocklist) -> frozenset[str]:
    """Those hashtags that a list blocks, and the Russian ones that are blocked or mean one."""
    blocked = frozenset(tag for tag in hashtags if blocklist.blocks(key(tag)))
    return blocked | _blocked_russian(blocklist)


@lru_cache(maxsize=4)
def _blocked_russian(blocklist: Blocklist) -> frozenset[str]:
    def blocks(hashtag: str) -> bool:
        return blocklist.blocks(key(hashtag))

    return frozenset(
        form for form, english in meanings().items() if blocks(form) or blocks(english[0])
    )
