"""Events for the page, as server-sent events."""

import asyncio
import json
from typing import Any

from bot.local.limits import MAX_WAITING_EVENTS

Event = tuple[str, Any]
"""A name and its data; a Message in the data is the Bot API's."""


class Listeners:
    """The open event streams of one chat."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Event | None], int] = {}

    def subscribe(self, user_id: int) -> asyncio.Queue[Event | None]:
        """A queue of events for one listener; a None in it ends the stream."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(MAX_WAITING_EVENTS)
        self._queues[queue] = user_id
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Event | None]) -> None:
        self._queues.pop(queue, None)

    def users(self) -> set[int]:
        return set(self._queues.values())

    def publish(self, name: str, data: Any, only_user: int | None = None) -> None:
        """Sends an event to every listener, or to those of one user.

        The stream of a listener that does not read is ended: it reconnects and gets a new snapshot.
        """
        for queue, user_id in list(self._queues.items()):
            if only_user not in (None, user_id):
                continue
            try:
                queue.put_nowait((name, data))
            except asyncio.QueueFull:
                self._end(queue)

    def close(self) -> None:
        for queue in list(self._queues):
            self._end(queue)

    def _end(self, queue: asyncio.Queue[Event | None]) -> None:
        self.unsubscribe(queue)
        while queue.full():
            queue.get_nowait()
        queue.put_nowait(None)


def encode(name: str, data: Any) -> bytes:
    """A server-sent event, with name and data as one line of JSON."""
    return b"data: " + json.dumps([name, data], ensure_ascii=False).encode() + b"\n\n"
