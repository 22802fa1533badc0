"""``tag4pic db``: moving to another database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import Database, chats

Tag4pic = Callable[..., Any]


async def test_everything_is_copied_and_the_counts_are_told(
    tag4pic: Tag4pic, tmp_path: Path
) -> None:
    first, second = (f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "second"))
    database = await Database.open(first)
    async with database.session() as session:
        await chats.change(session, 1, count=5)
    await database.close()
    done = await run(tag4pic, "db", "copy", first, second)
    assert done.exit_code == 0, done.stderr
    assert "1 row copied, identical in both" in done.stdout
    again = await run(tag4pic, "db", "copy", first, second)
    assert again.exit_code == 1
    assert "not empty: nothing was copied" in again.stderr


async def test_the_other_address_is_that_of_the_settings(tag4pic: Tag4pic, tmp_path: Path) -> None:
    await (await Database.open(f"sqlite:///{tmp_path}/first.db")).close()
    done = await run(tag4pic, "db", "copy", f"sqlite:///{tmp_path}/first.db")
    assert done.exit_code == 0 and "The next start uses the copy." in done.stdout
    assert (tmp_path / "bot.db").exists()
    same = await run(tag4pic, "db", "copy", f"sqlite:///{tmp_path}/bot.db")
    assert same.exit_code == 1 and "first set it to the new one" in same.stderr


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        (("sqlite:///nothing.db", "sqlite:///to.db"), "file that FROM_URL names does not exist"),
        (("sqlite:///{here}/bot.db", "postgresql://me:secret@127.0.0.1:1/x"), "check TO_URL"),
        (("sqlite:///{here}/bot.db", "nothing"), "TO_URL is not an address"),
    ],
)
async def test_what_cannot_be_copied_is_told_in_a_line(
    tag4pic: Tag4pic, tmp_path: Path, addresses: tuple[str, str], sentence: str
) -> None:
    await (await Database.open(f"sqlite:///{tmp_path}/bot.db")).close()
    done = await run(tag4pic, "db", "copy", *(one.format(here=tmp_path) for one in addresses))
    assert done.exit_code == 1
    assert sentence in done.stderr and "secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def run(tag4pic: Tag4pic, *arguments: str) -> Any:
    """The command has a loop of its own."""
    from asyncio import to_thread

    return await to_thread(tag4pic, *arguments)
