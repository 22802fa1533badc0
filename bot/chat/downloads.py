"""What Telegram's server sends is read up to a limit, whatever was said of its size before."""

from collections.abc import AsyncIterator

import httpx

from recommenders.photos import MAX_BYTES


class TooLargeError(httpx.RequestError):
    """A response goes on behind ``MAX_BYTES``; the rest of it is not read."""


async def limited(response: httpx.Response) -> None:
    """Limits a response whose body is not read yet: a hook of ``httpx.AsyncClient``."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Limited(response.stream)


class _Limited(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._stream:
            read += len(part)
            if read > MAX_BYTES:
                raise TooLargeError(f"more than {MAX_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
