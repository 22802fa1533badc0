"""No text and no name of a person appears in a log line, at any level."""

import asyncio
import io
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bot.chat import services
from tests.bot import telegram_sends
from tests.bot.conversation import reply_text
from tests.bot.log_lines import logged_at
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import ANN, arrives
from tests.colours import jpeg

PRIVATE = ("xylophone", "secretsofa", "confidential", "Annabella")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged with ``LOG_LEVEL=DEBUG``."""
    with logged_at("DEBUG") as stream:
        yield stream


async def talk(bot: Running) -> None:
    ann = await bot.person(name="Annabella")
    await ann.send_photo(jpeg("red"), caption="my xylophone diary")
    await ann.wait_reply()
    for message in ("/addtags #secretsofa", "confidential sunset beach"):
        await reply_text(ann, message)


def private_words(log: str) -> list[str]:
    return [word for word in PRIVATE if word in log]


async def test_a_talk_at_debug_level_leaves_no_word_of_it_in_the_log(
    written: io.StringIO, start: Start
) -> None:
    await talk(await start())
    assert "POST sendMessage: 200" in written.getvalue()
    assert not private_words(written.getvalue())


@pytest.mark.parametrize("table", ["inbox", "labels"])
async def test_what_the_database_refused_is_logged_without_the_texts_it_was_given(
    written: io.StringIO, bot: Running, table: str
) -> None:
    async with bot.database.session() as session:
        await session.execute(
            text(
                f"CREATE TRIGGER full BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )
    await talk(bot)
    assert "disk that holds the database is full" in written.getvalue()
    assert not private_words(written.getvalue())


async def test_an_update_with_an_odd_language_is_answered_and_not_logged(
    written: io.StringIO, bot: Running
) -> None:
    ann = await bot.person(name="Annabella")
    odd = ANN | {"first_name": "Annabella", "language_code": ["en"]}
    arrives(bot, 1_000, telegram_sends.text(bot, "/addtags xylophone"), odd)
    assert "For which photo?" in (await ann.wait_reply())["text"]
    assert not private_words(written.getvalue())


async def test_an_update_that_the_library_cannot_pass_on_is_not_logged(
    written: io.StringIO, bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    def fails(*_: object) -> None:
        failed.set()
        raise ValueError("something odd")

    monkeypatch.setattr(services, "person_of", fails)
    await (await bot.person(name="Annabella")).send_text("confidential sunset beach")
    await failed.wait()
    assert "Error while building CallbackContext" in written.getvalue()
    assert not private_words(written.getvalue())


def test_a_librarys_debug_lines_are_left_out_and_its_warnings_are_not(
    written: io.StringIO,
) -> None:
    botocore = logging.getLogger("botocore.endpoint")
    botocore.debug("headers={'X-Amz-Security-Token': 'a-session-token'}")
    botocore.warning("Connection pool is full")
    assert "a-session-token" not in written.getvalue()
    assert "Connection pool is full" in written.getvalue()
