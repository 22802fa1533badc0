"""A person at the local chat: sends, presses, and waits for the bot.

>>> async with Person(server.page_url) as ann:
...     await ann.send_photo(jpeg)
...     answer = await ann.wait_reply()
...     await ann.press(answer, "More")
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiohttp
from yarl import URL

Message = dict[str, Any]
SECONDS = 120.0


class NotSentError(Exception):
    """The server did not take what the person did; the message is its sentence for them."""


class Person:
    """One person in one chat: private by default, a group when ``chat`` is negative.

    Keeps every message of the chat in ``messages`` (by message_id, edits applied) and what
    happened in ``events`` as (name, data), in order. Each waiting method gives every event once.

    Args:
        page_url: The page's address with its key, as a browser opens it.
    """

    def __init__(
        self,
        page_url: str,
        *,
        chat: int = 1_000,
        user: int | None = None,
        name: str = "Ann",
        language: str = "en",
    ) -> None:
        self._page_url = URL(page_url)
        self.who: dict[str, str] = {"chat": str(chat), "name": name, "language": language}
        if user is not None:
            self.who["user"] = str(user)
        self.commands: list[dict[str, str]] = []
        self.messages: dict[int, Message] = {}
        self.events: list[tuple[str, Any]] = []
        self.user: dict[str, Any] = {}
        self.bot: dict[str, Any] = {}
        self._taken: set[int] = set()
        self._buffer = b""
        self._happened = asyncio.Condition()
        self._session: aiohttp.ClientSession
        self._listening: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self._page_url.origin(),
            headers={"Accept-Language": self.who["language"]},
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # which takes cookies from an IP address
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=SECONDS),
        )
        try:
            async with self._session.get(self._page_url.path_qs) as page:
                if page.status != 200:
                    raise NotSentError(await page.text())
            response = await self._session.get("/chat/events", params=self.who)
            if response.status != 200:
                raise NotSentError((await response.json())["error"])
            while not self.events:  # the snapshot, so that no reply can come unseen
                await self._read(response)
        except BaseException:
            await self._session.close()
            raise
        self._listening = asyncio.create_task(self._listen(response))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._session.close()

    async def send_text(self, text: str, *, reply_to: Message | None = None) -> Message:
        """Send a text or a command; returns the Message as the bot gets it."""
        return (await self._send([("text", text)], [], reply_to))[0]

    async def send_photo(
        self,
        photo: bytes | Sequence[bytes],
        *,
        caption: str | Sequence[str] = "",
        reply_to: Message | None = None,
    ) -> list[Message]:
        """Send a photo, or several as an album; returns the Messages, one a photo.

        Several captions are those of an album's photos, in their order.
        """
        photos = [photo] if isinstance(photo, bytes) else photo
        files = [("photo", f"photo{i}.jpg", "image/jpeg", data) for i, data in enumerate(photos)]
        captions = [caption] if isinstance(caption, str) else caption
        return await self._send([("caption", one) for one in captions], files, reply_to)

    async def send_document(
        self,
        data: bytes,
        name: str = "file.bin",
        *,
        mime_type: str = "application/octet-stream",
        caption: str = "",
        reply_to: Message | None = None,
    ) -> Message:
        """Send any bytes as a file; without a type the server tells it by the name."""
        files = [("document", name, mime_type, data)]
        return (await self._send([("caption", caption)], files, reply_to))[0]

    async def send_other(self, kind: str, data: bytes = b"-", name: str = "file.bin") -> Message:
        """Send a ``video``, ``sticker`` or ``animation``."""
        return (await self._send([], [(kind, name, "application/octet-stream", data)], None))[0]

    async def _send(
        self,
        texts: Sequence[tuple[str, str]],
        files: Sequence[tuple[str, str, str, bytes]],
        reply_to: Message | None,
    ) -> list[Message]:
        form = aiohttp.FormData([*self.who.items(), *texts])  # of many parts only with a file
        if reply_to:
            form.add_field("reply_to", str(reply_to["message_id"]))
        for field, name, mime_type, data in files:
            form.add_field(field, data, filename=name, content_type=mime_type)
        answer = await self._post("/chat/send", data=form)
        messages: list[Message] = answer["messages"]
        return messages

    async def press(self, message: Message, label: str) -> str:
        """Press the callback button whose text is or contains ``label``; returns the callback id.

        The keyboard is the one that the message has now, after edits.
        """
        current = self.messages.get(message["message_id"], message)
        rows = current.get("reply_markup", {}).get("inline_keyboard", [])
        places = [
            (r, c, button["text"]) for r, row in enumerate(rows) for c, button in enumerate(row)
        ]
        exact = [place for place in places if place[2] == label]
        matching = exact or [place for place in places if label in place[2]]
        if not matching:
            raise NotSentError(f"no button {label!r} among {[text for *_, text in places]}")
        row, column, _ = matching[0]
        where = {"message_id": message["message_id"], "row": row, "column": column}
        answer = await self._post("/chat/press", json={**self.who, **where})
        return str(answer["callback_id"])

    async def reset(self) -> None:
        """Empty the chat."""
        await self._post("/chat/reset", json=self.who)

    async def download(self, file: dict[str, Any]) -> bytes:
        """The bytes of a file in a message, e.g. ``message["photo"][-1]``."""
        async with self._session.get(f"/chat/files/{file['file_unique_id']}") as response:
            response.raise_for_status()
            return await response.read()

    async def wait_reply(self, timeout: float = SECONDS) -> Message:  # noqa: ASYNC109
        """The next message of the bot that was not waited for yet; TimeoutError without one."""
        return dict(await self.wait_event("message", self._from_bot, timeout))

    async def wait_edit(
        self,
        message: Message | None = None,
        timeout: float = SECONDS,  # noqa: ASYNC109
    ) -> Message:
        """The next edit of a message (of any message when none is given)."""
        message_id = message["message_id"] if message else None
        return dict(
            await self.wait_event(
                "edit", lambda data: message_id in (None, data["message_id"]), timeout
            )
        )

    async def wait_callback(
        self,
        callback_id: str,
        timeout: float = SECONDS,  # noqa: ASYNC109
    ) -> dict[str, Any]:
        """The answer to a pressed button: its text (may be empty) and whether it is an alert."""
        return dict(
            await self.wait_event(
                "callback_answer", lambda data: data["id"] == callback_id, timeout
            )
        )

    async def wait_event(
        self,
        name: str,
        fits: Callable[[Any], bool] = lambda data: True,
        timeout: float = SECONDS,  # noqa: ASYNC109
    ) -> Any:
        """The data of the first event of this name that fits and was not waited for yet."""
        async with asyncio.timeout(timeout), self._happened:
            while True:
                for index, (kind, data) in enumerate(self.events):
                    if kind == name and index not in self._taken and fits(data):
                        self._taken.add(index)
                        return data
                await self._happened.wait()

    def replies(self) -> list[Message]:
        """Every message of the bot in the chat now, in order."""
        return [message for message in self.messages.values() if self._from_bot(message)]

    def actions(self) -> list[str]:
        """The chat actions that were shown, e.g. ``typing``."""
        return [data["action"] for name, data in self.events if name == "action"]

    def _from_bot(self, message: Message) -> bool:
        return bool(message["from"]["id"] == self.bot["id"])

    async def _post(self, path: str, **body: Any) -> dict[str, Any]:
        async with self._session.post(path, **body) as response:
            if response.status == 403:
                raise NotSentError(await response.text())
            answer: dict[str, Any] = await response.json()
            if response.status != 200:
                raise NotSentError(answer["error"])
            return answer

    async def _listen(self, response: aiohttp.ClientResponse) -> None:
        while await self._read(response):
            pass

    async def _read(self, response: aiohttp.ClientResponse) -> bool:
        """Take one line of the stream; False at its end."""
        while b"\n" not in self._buffer:
            # Not readline(): a snapshot of a long chat is longer than the lines it takes.
            chunk = await response.content.readany()
            if not chunk:
                return False
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        if line.startswith(b"data: "):
            await self._take(*json.loads(line.removeprefix(b"data: ")))
        return True

    async def _take(self, name: str, data: Any) -> None:
        async with self._happened:
            if name == "snapshot":
                self.user, self.bot, self.commands = data["user"], data["bot"], data["commands"]
                self.messages = {message["message_id"]: message for message in data["messages"]}
            elif name in ("message", "edit"):
                self.messages[data["message_id"]] = data
            elif name == "commands":
                self.commands = data["commands"]
            self.events.append((name, data))
            self._happened.notify_all()
