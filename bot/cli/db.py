"""``tag4pic db``: back up, restore and move the database."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.cli.console import Commands, print_line, settings_for_a_command
from bot.cli.db_copy import copy

app = typer.Typer(cls=Commands, no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The copy.", show_default=False)]


@app.callback()
def db() -> None:
    """Back the database up, put a backup back, and move to another database.

    Copying the database's file alone copies nothing: what was written last lies in another file
    beside it.

        tag4pic db backup /srv/backups/tag4pic.db
        tag4pic db restore /srv/backups/tag4pic.db
        tag4pic db copy sqlite:///data/tag4pic.db postgresql://me:secret@host/tag4pic
    """


@app.command()
def backup(file: File) -> None:
    """Copy the database to FILE, while the bot runs.

    FILE is whole or not there at all; a backup that it held before is replaced. Only its owner may
    read it.

    tag4pic db backup /srv/backups/tag4pic.db
    """
    settings = settings_for_a_command()

    from storage.backup import back_up

    copy = back_up(settings.database_url, file)
    print_line(
        f"[bold]{escape(str(copy.path))}[/] holds the database: {_size(copy.bytes)}, "
        f"revision {copy.revision}."
    )


@app.command()
def restore(file: File) -> None:
    """Put FILE in the place of the database; stop the bot first.

    The database of before stays beside it, under a name with the time. One of an earlier version of
    tag4pic is brought up to date at the next start.

    tag4pic db restore /srv/backups/tag4pic.db
    """
    settings = settings_for_a_command()

    from storage.backup import restore as put_back

    database, before = put_back(settings.database_url, file)
    print_line(
        f"[bold]{escape(str(database.path))}[/] is the database of {escape(str(file))} now: "
        f"{_size(database.bytes)}, revision {database.revision}."
    )
    if before is not None:
        print_line(f"What was there before is {escape(str(before))}.")


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


app.command()(copy)
