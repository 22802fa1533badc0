"""How much one person, or one chat, may send: as much as people do, and no flood.

Each has a bucket that fills evenly and is full at first, so albums and a holiday's photos come
through at once. What waits for a place to be computed is ``bot.chat.fair_places``'s affair.
"""

import logging
from dataclasses import dataclass
from typing import Literal, cast

from bot.latest import Latest
from storage import Database, StorageError, rate_buckets

log = logging.getLogger(__name__)

MOST = 20_000
"""Buckets that are remembered; those of whom nothing came for longest go first."""
CHAT = 4
"""A chat may send so many times as much as one person."""

Verdict = Literal["passes", "too_fast", "silent"]


@dataclass
class _Bucket:
    left: float
    at: float
    warned: bool = False


class RateLimits:
    """Counts what comes, a bucket each person or chat.

    Args:
        per_minute: what a bucket holds, and what it gets a minute; 0 lets everything through.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: Latest[tuple[str, int], _Bucket] = Latest(MOST)

    def verdict(self, clock: str, who: int, at: float, times: int = 1) -> Verdict:
        """What becomes of one more from ``who``; ``too_fast`` is said once, then it is silence.

        Args:
            clock: what told the time. Two clocks have a bucket each, for they may differ by days.
            at: seconds by it. What waited at Telegram is judged by when it was sent.
            times: the bucket is so many times as large.
        """
        if not self._per_minute:
            return "passes"
        size = float(self._per_minute * times)
        bucket = self._buckets.get((clock, who), _Bucket(size, at))
        self._buckets[clock, who] = bucket
        passed = max(0.0, at - bucket.at)
        bucket.left = min(size, bucket.left + passed * size / 60)
        bucket.at = at
        if bucket.left >= 1:
            bucket.left -= 1
            bucket.warned = bucket.warned and bucket.left < size / 4
            return "passes"
        if bucket.warned:
            return "silent"
        bucket.warned = True
        return "too_fast"


class SharedRateLimits:
    """The same for all replicas together, in their database; where that fails, this one's."""

    def __init__(self, per_minute: int, database: Database) -> None:
        self._per_minute = per_minute
        self._database = database
        self._own = RateLimits(per_minute)

    async def verdict(self, clock: str, who: int, at: float, times: int = 1) -> Verdict:
        """As of ``RateLimits``, by a clock that all replicas have in common."""
        if not (self._per_minute and self._database.is_shared):
            return self._own.verdict(clock, who, at, times)
        try:
            async with self._database.session(confirmed=False) as session:
                size = float(self._per_minute * times)
                verdict = await rate_buckets.take(session, clock, who, at, size)
                return cast(Verdict, verdict)
        except StorageError as error:
            log.debug("How fast somebody sends is not known to all replicas: %s", error)
            return self._own.verdict(clock, who, at, times)
