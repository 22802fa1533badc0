"""What the person's side sees happen, as Server-Sent Events."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from bot.local.formatting import render

MAX_WAITING = 2_000
Event = tuple[str, Any]


class Listeners:
    """The open event streams of one chat."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Event | None], int] = {}

    def subscribe(self, user_id: int) -> asyncio.Queue[Event | None]:
        """A queue of events for one listener; None ends the stream."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(MAX_WAITING)
        self._queues[queue] = user_id
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Event | None]) -> None:
        self._queues.pop(queue, None)

    def users(self) -> set[int]:
        return set(self._queues.values())

    def publish(self, name: str, data: Any, only_user: int | None = None) -> None:
        """Give an event to every listener, or to those of one user.

        A listener that does not read is let go: it reconnects and gets a fresh snapshot.
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
    """One event on the wire."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def for_page(message: dict[str, Any]) -> dict[str, Any]:
    """A Message with ``html`` (of its text or caption) and a ``url`` for every file in it."""
    shown = dict(message)
    if "text" in message:
        shown["html"] = render(message["text"], message.get("entities", []))
    elif "caption" in message:
        shown["html"] = render(message["caption"], message.get("caption_entities", []))
    for name in ("document", "video", "sticker", "animation"):
        if name in message:
            shown[name] = _with_url(message[name])
    if "photo" in message:
        shown["photo"] = [_with_url(size) for size in message["photo"]]
    if "reply_to_message" in message:
        shown["reply_to_message"] = for_page(message["reply_to_message"])
    return shown


def _with_url(file: dict[str, Any]) -> dict[str, Any]:
    shown = {**file, "url": f"/chat/files/{file['file_unique_id']}"}
    if "thumbnail" in file:
        shown["thumbnail"] = _with_url(file["thumbnail"])
    return shown


def file_ids(message: dict[str, Any]) -> Iterator[str]:
    """The file_unique_id of every file in a message."""
    for size in message.get("photo", []):
        yield size["file_unique_id"]
    for name in ("document", "video", "sticker", "animation"):
        if name in message:
            yield message[name]["file_unique_id"]
            if "thumbnail" in message[name]:
                yield message[name]["thumbnail"]["file_unique_id"]
