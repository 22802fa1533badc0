"""Limits how fast messages go out to about what Telegram accepts, so that it refuses none.

The limits are in Telegram's FAQ for bots: one message a second to a chat, with short bursts; 20 a
minute to a group; 30 a second in all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

MANY = 10_000
"""Chats that are remembered; beyond that, those without a wait are dropped."""


@dataclass(frozen=True)
class Limit:
    """At most ``burst`` at once, then one every ``seconds``."""

    burst: int
    seconds: float


CHAT = Limit(5, 1.0)
GROUP = Limit(4, 4.0)
"""Never more than 20 in a minute."""
ALL = Limit(1, 1 / 30)
"""Never more than 30 in a second, and as many in each second of a rush."""


class Pace:
    """Assigns turns to send, within a chat in the order of the calls.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._all = self._going_out = 0.0
        self._chats: dict[int, float] = {}

    def in_chat(self, chat_id: int) -> float:
        """Takes the next turn of a chat; returns the seconds until then.

        There is no burst right after the start: the last process may have used it up.
        """
        limit, now = GROUP if chat_id < 0 else CHAT, self._clock()
        if len(self._chats) > MANY:
            self._chats = {one: full for one, full in self._chats.items() if full > now}
        full = self._chats.get(chat_id, self._began + (limit.burst - 1) * limit.seconds)
        wait, self._chats[chat_id] = _turn(limit, now, full)
        return wait

    def overall(self) -> float:
        """Takes the next turn across all chats; returns the seconds until then."""
        wait, self._all = _turn(ALL, self._clock(), self._all)
        return wait

    def going_out(self) -> float:
        """The same limit as ``overall``, checked again right before the request.

        A slow disk may hold up many messages after their turns, and then release them at once.
        """
        wait, self._going_out = _turn(ALL, self._clock(), self._going_out)
        return wait


def _turn(limit: Limit, now: float, full: float) -> tuple[float, float]:
    """Seconds until the next turn, and when a whole burst is available again after it.

    The generic cell rate algorithm (ATM Forum, Traffic Management 4.0, section 4.4.2).

    Args:
        full: when a whole burst would be available again without this turn.
    """
    full = max(now, full)
    wait = max(0.0, full - now - (limit.burst - 1) * limit.seconds)
    return wait, full + limit.seconds
