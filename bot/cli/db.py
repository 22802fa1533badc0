"""``tag4pic db``: back up, restore and move the database."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.cli.console import Commands, print_line, settings_for_a_command
from bot.cli.db_copy import copy
from training.plurals import counted

app = typer.Typer(cls=Commands, no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]


@app.callback()
def db() -> None:
    """Back up the database, restore a backup, or move to another database.

    Do not just copy the database's file: the latest changes are in another file beside it.

        tag4pic db backup /srv/backups/tag4pic.db
        tag4pic db restore /srv/backups/tag4pic.db
        tag4pic db copy sqlite:///data/tag4pic.db
    """


@app.command()
def backup(file: File) -> None:
    """Copy the database to FILE, even while the bot runs.

    FILE is written whole or not at all, and replaces an earlier backup of that name. Only its owner
    may read it.

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
    """Replace the database with FILE; stop the bot first.

    The old database stays beside it, with the time in its name. What waited for an answer when the
    backup was made is left out. A backup from an earlier version of tag4pic is upgraded at the next
    start.

    tag4pic db restore /srv/backups/tag4pic.db
    """
    settings = settings_for_a_command()

    from storage.backup import restore as put_back

    database, before = put_back(settings.database_url, file)
    print_line(
        f"[bold]{escape(str(database.path))}[/] now holds the database of {escape(str(file))}: "
        f"{_size(database.bytes)}, revision {database.revision}."
    )
    if database.left_out:
        waiting = counted(database.left_out, "message or answer", "messages and answers")
        print_line(f"Left out: {waiting} that still waited when the backup was made.")
    if before is not None:
        print_line(f"The old database is now {escape(str(before))}.")
        print_line("Delete it once you do not need it: it keeps what people have deleted.")


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


app.command()(copy)
