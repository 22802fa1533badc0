"""``tag4pic db copy``: copy everything to another database."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot.cli.console import fail, print_line, settings_for_a_command
from training.plurals import counted

if TYPE_CHECKING:
    from storage import Database
    from storage.copying import Copied


def copy(
    from_url: Annotated[str, typer.Argument(metavar="FROM_URL", show_default=False)],
    to_url: Annotated[
        str | None, typer.Argument(metavar="TO_URL", show_default="DATABASE_URL")
    ] = None,
) -> None:
    """Copy everything to another database, which must be empty; stop the bot first.

    Both addresses are written like DATABASE_URL, which is the other one if only the first is given.
    Others on this machine can see the command, so leave passwords to DATABASE_URL, or to PGPASSWORD
    in the environment. Each table is read back and compared row by row; if anything fails, the
    other database stays empty. The first gets this version's tables, as with any start, and is
    otherwise left as it was.

        tag4pic db copy sqlite:///data/tag4pic.db
        tag4pic db copy postgresql://me@host/tag4pic sqlite:///data/back.db
    """
    set_already = to_url is None
    if to_url is None:
        to_url = _of_the_settings(from_url)
    copied = asyncio.run(_copy(from_url, to_url))
    for one in copied:
        unit = "row" if one.rows == 1 else "rows"
        print_line(f"{escape(one.table):20} {one.rows:>12,} {unit:4}  {one.checksum}")
    rows = sum(one.rows for one in copied)
    then = "The next start uses the copy." if set_already else "Now set DATABASE_URL."
    print_line(f"[bold]{counted(rows, 'row')}[/] copied, identical in both. {then}")


def _of_the_settings(from_url: str) -> str:
    """DATABASE_URL, unless it still names the database to copy from."""
    from storage.database import sqlite_file

    url = settings_for_a_command().database_url
    if url == from_url or ((file := sqlite_file(url)) and file == sqlite_file(from_url)):
        fail("DATABASE_URL names the database to copy from: first set it to the new one in .env.")
    return url


async def _copy(from_url: str, to_url: str) -> "list[Copied]":
    from storage import copying

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    source = await _open(from_url, "FROM_URL", must_exist=True)
    try:
        target = await _open(to_url, "TO_URL")
        try:
            with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("")

                def show(table: str, rows: int, total: int) -> None:
                    bar.update(task, description=table, completed=rows, total=total)

                return await copying.copy(source, target, show)
        finally:
            await target.close()
    finally:
        await source.close()


async def _open(url: str, argument: str, *, must_exist: bool = False) -> "Database":
    from storage import Database, StorageError

    try:
        return await Database.open(url, must_exist=must_exist)
    except StorageError as error:
        raise StorageError(str(error).replace("DATABASE_URL", argument)) from error
