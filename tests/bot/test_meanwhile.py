"""What runs beside the bot may fail without ending anything else."""

import asyncio

import pytest

from bot.meanwhile import meanwhile


async def test_one_that_fails_is_logged_and_the_others_end_with_the_block(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = asyncio.Event()

    async def fail() -> None:
        raise ValueError("no")

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    async with meanwhile(fail(), last()):
        await asyncio.sleep(0.01)
        assert "fail failed and will not run until the next start" in caplog.text
        assert "ValueError: no" in caplog.text
    assert ended.is_set()
