"""How much one person or chat may send: a holiday's photos at once, but no flood.

Each has a token bucket that starts full and refills evenly. How photos queue to be computed is in
``bot.chat.fair_places``.
"""

import logging
from dataclasses import dataclass
from typing import Literal, cast

from bot.latest import Latest
from storage import Database, StorageError, rate_buckets

log = logging.getLogger(__name__)

MOST = 20_000
"""Buckets that are remembered, the most recently used."""
CHAT = 4
"""How many times as much a chat may send as a person."""

Verdict = Literal["passes", "too_fast", "silent"]


@dataclass
class _Bucket:
    left: float
    at: float
    warned: bool = False


class RateLimits:
    """A bucket for each person or chat.

    Args:
        per_minute: a bucket's capacity, and its refill per minute; 0 lets everything through.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: Latest[tuple[str, int], _Bucket] = Latest(MOST)

    def verdict(self, clock: str, sender: int, at: float, times: int = 1) -> Verdict:
        """What to do with one more message of ``sender``: ``too_fast`` once, then ``silent``.

        Args:
            clock: whose time ``at`` is. Each clock has buckets of its own, since clocks may differ
                by days.
            at: when it was sent (not received), in seconds.
            times: factor of the bucket's size.
        """
        if not self._per_minute:
            return "passes"
        size = float(self._per_minute * times)
        bucket = self._buckets.get((clock, sender), _Bucket(size, at))
        self._buckets[clock, sender] = bucket
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
    """The same across replicas, in their database; falls back to this process's own buckets."""

    def __init__(self, per_minute: int, database: Database) -> None:
        self._per_minute = per_minute
        self._database = database
        self._own = RateLimits(per_minute)

    async def verdict(self, clock: str, sender: int, at: float, times: int = 1) -> Verdict:
        """As ``RateLimits.verdict``."""
        if not (self._per_minute and self._database.is_shared):
            return self._own.verdict(clock, sender, at, times)
        try:
            async with self._database.session(confirmed=False) as session:
                size = float(self._per_minute * times)
                verdict = await rate_buckets.take(session, clock, sender, at, size)
                return cast(Verdict, verdict)
        except StorageError as error:
            log.debug("How fast somebody sends is not known to all replicas: %s", error)
            return self._own.verdict(clock, sender, at, times)
