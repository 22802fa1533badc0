"""Reads the photos of a request piece by piece, within the limits."""

import asyncio
import time
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from bot.http.errors import RequestError
from bot.http.limits import Limits
from bot.http.work import Room

_CHUNK = 64 * 2**10
_MOST_FIELDS = 20
_PHOTO_FIELDS = ("photo", "photos")


@dataclass(frozen=True)
class Photo:
    """A photo as it was sent; ``data`` is None where it was too large."""

    name: str
    data: bytearray | None


@dataclass(frozen=True)
class Upload:
    """The content of a body: photos, and the form's other fields."""

    photos: list[Photo] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)


async def read(request: web.Request, limits: Limits, room: Room) -> Upload:
    """Reads the body of a request: a form (``multipart/form-data``), or else a bare photo.

    Args:
        room: accounts for the bytes in memory.

    Raises:
        RequestError: where the body is too large, too slow, cut off or malformed, or where there
            is no room.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(415, "encoding", "Send the photo as it is, without Content-Encoding.")
    is_form = request.content_type == "multipart/form-data"
    most = limits.body if is_form else limits.photo
    if (request.content_length or 0) > most:
        raise _too_large(most)
    await _send_continue(request)
    body = _Body(request, limits, room, most)
    try:
        async with asyncio.timeout(limits.first_byte) as body.clock:
            return await (_form(body) if is_form else _raw(body))
    except TimeoutError:
        raise RequestError(
            408, "slow", "The body came too slowly. Try again with a better connection."
        ) from None


class _Body:
    """Counts the bytes of a body and extends its deadline as they arrive."""

    def __init__(self, request: web.Request, limits: Limits, room: Room, most: int) -> None:
        self.request = request
        self.limits = limits
        self.clock: asyncio.Timeout | None = None
        self._room = room
        self._most = most
        self._bytes = 0
        self._started = time.monotonic()

    def count(self, chunk: bytes) -> None:
        """Counts a chunk that has arrived.

        Raises:
            RequestError: where the body is too large.
        """
        self._bytes += len(chunk)
        if self._bytes > self._most:
            raise _too_large(self._most)
        assert self.clock is not None
        limits = self.limits
        spent = time.monotonic() - self._started
        left = limits.first_byte + self._bytes / limits.slowest - spent
        self.clock.reschedule(asyncio.get_running_loop().time() + left)

    def hold(self, chunk: bytes, data: bytearray) -> None:
        """Adds a chunk to data that stays in memory until the request is answered.

        Raises:
            RequestError: where there is no room for it.
        """
        self._room.take(len(chunk))
        data += chunk


async def _raw(body: _Body) -> Upload:
    data = bytearray()
    try:
        async for chunk in body.request.content.iter_any():
            body.count(chunk)
            body.hold(chunk, data)
    except web.RequestPayloadError:
        raise _cut_off() from None
    return Upload([Photo("photo", data)])


async def _form(body: _Body) -> Upload:
    upload = Upload()
    try:
        reader = await body.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise RequestError(400, "form", "A form inside a form cannot be read.")
            await _part(body, part, upload)
    except RequestError:
        raise
    except web.RequestPayloadError:
        raise _cut_off() from None
    except (HttpProcessingError, ValueError, AssertionError, RuntimeError):
        # aiohttp's reader raises these for a form that is malformed or ends early.
        raise RequestError(400, "form", "The form cannot be read. Is it complete?") from None
    if not upload.photos:
        raise RequestError(
            400, "no_photo", "There is no photo in the form. Send one as a file named photo."
        )
    return upload


async def _part(body: _Body, part: BodyPartReader, upload: Upload) -> None:
    limits = body.limits
    if part.filename is None and part.name not in _PHOTO_FIELDS:
        if part.name is None:
            raise RequestError(400, "form", "A part of the form has no name.")
        if len(upload.fields) == _MOST_FIELDS:
            raise RequestError(400, "form", f"A form may have at most {_MOST_FIELDS} fields.")
        value = await _data(body, part, limits.field)
        if value is None:
            raise RequestError(413, "too_large", f"The field {part.name} is too long.")
        upload.fields.append((part.name, value.decode("utf-8", "replace")))
        return
    if len(upload.photos) == limits.photos:
        raise RequestError(
            413, "too_many", f"At most {limits.photos} photos can be sent in one request."
        )
    upload.photos.append(Photo(part.filename or "photo", await _data(body, part, limits.photo)))


async def _data(body: _Body, part: BodyPartReader, most: int) -> bytearray | None:
    """The bytes of a part; None where there are more than ``most``."""
    data, size = bytearray(), 0
    while chunk := await part.read_chunk(_CHUNK):
        body.count(chunk)
        size += len(chunk)
        if size <= most:
            body.hold(chunk, data)
        else:
            data.clear()
    return data if size <= most else None


async def _send_continue(request: web.Request) -> None:
    """Tells a client that waits for ``100 Continue`` to send its body, after the first checks."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _too_large(most: int) -> RequestError:
    return RequestError(413, "too_large", f"At most {most // 2**20} MB can be sent in one request.")


def _cut_off() -> RequestError:
    return RequestError(400, "cut_off", "The body is cut off.")
