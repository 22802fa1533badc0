"""A download ends at 20 MB, whatever was said of its size."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.chat.downloads import TooLargeError, limited
from bot.local import files, limits
from recommenders.photos import MAX_BYTES
from tests.bot.conversation import answer_hashtags
from tests.bot.running import Running


async def test_no_more_is_read_than_may_be() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**20
            yield bytes(2**20)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
    hooks: dict[str, list[Any]] = {"response": [limited]}
    async with httpx.AsyncClient(transport=transport, event_hooks=hooks) as client:
        with pytest.raises(TooLargeError):
            await client.get("http://files/photo.jpg")
    assert sent <= MAX_BYTES + 2 * 2**20


async def test_a_server_that_gives_more_than_it_said_gets_the_sentence_about_size(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, limits):
        monkeypatch.setattr(module, "MAX_DOWNLOAD", 64 * 2**20)
    as_object = files.StoredFile.as_object
    monkeypatch.setattr(
        files.StoredFile, "as_object", lambda file: as_object(file) | {"file_size": 5}
    )
    ann = await bot.person()
    await ann.send_document(b"\xff\xd8" + bytes(21 * 2**20), "photo.jpg", mime_type="image/jpeg")
    assert "over 20 MB" in (await ann.wait_reply())["text"]
    assert (await answer_hashtags(ann, "blue"))[0] == "#blue1"
