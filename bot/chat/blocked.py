"""The engine's hashtags that the block list forbids to show."""

import asyncio
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.blocked_hashtags import blocked_of
from recommenders.engine import Engine
from recommenders.hashtags import key
from storage import moderation
from storage.blocklist import Blocklist


class BlockedHashtags:
    """Applies the block list to the vocabulary once, and again when either changes.

    A vocabulary has thousands of hashtags, too many to check for every photo. Only new ones are
    checked, in a thread.
    """

    def __init__(self) -> None:
        self._version: moderation.Version | None = None
        self._blocklist = Blocklist(())
        self._engine: Engine | None = None
        self._checked = 0
        self._blocked: frozenset[str] = frozenset()
        self._resets = 0

    async def blocklist(
        self, session: AsyncSession, version: moderation.Version | None = None
    ) -> Blocklist:
        """The current block list, read only when it has changed.

        Args:
            version: the database's, if the caller knows it.
        """
        version = version or await moderation.version(session)
        if version != self._version:
            self._blocklist = await moderation.in_force(session)
            self._version = version
            self._reset()
        return self._blocklist

    async def hashtags(
        self,
        session: AsyncSession,
        engine: Engine,
        others: Iterable[str] = (),
        version: moderation.Version | None = None,
    ) -> frozenset[str]:
        """The hashtags that must not be shown, those of ``others`` included.

        While nothing changes it is the same set object, which engines use as a cache key.
        """
        blocklist = await self.blocklist(session, version)
        if engine is not self._engine:
            self._reset()
            self._engine = engine
        checked, resets = self._checked, self._resets
        if new := list(engine.hashtags[checked:]):
            blocked = await asyncio.to_thread(blocked_of, new, blocklist)
            if resets == self._resets:
                # Another task may have checked the same ones.
                self._checked = max(self._checked, checked + len(new))
                if not blocked <= self._blocked:
                    self._blocked |= blocked
            else:
                whole = list(engine.hashtags)
                return _add(
                    await asyncio.to_thread(blocked_of, whole, blocklist), others, blocklist
                )
        return _add(self._blocked, others, blocklist)

    def _reset(self) -> None:
        self._checked, self._blocked = 0, frozenset()
        self._resets += 1


def _add(blocked: frozenset[str], others: Iterable[str], blocklist: Blocklist) -> frozenset[str]:
    """The set with the blocked ones of ``others``; the same object if that adds none."""
    more = frozenset(tag for tag in others if blocklist.blocks(key(tag)))
    return blocked if more <= blocked else blocked | more
